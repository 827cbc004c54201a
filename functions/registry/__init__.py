"""Applications, their environments, and the people who may change them."""
