"""Stories: generated through OpenAI by versions that can be rolled out and taken back."""
