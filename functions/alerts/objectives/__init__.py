"""What a service is to achieve: objectives, the budget of errors that they leave, and what is told
of both."""
