"""Verbs for channels, routes and deliveries: who is told of what, and what became of it."""
