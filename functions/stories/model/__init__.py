"""Asking a model: what is sent, what comes back, and when to give up on it."""
