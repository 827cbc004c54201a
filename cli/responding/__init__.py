"""Incidents, and the people who respond to them."""
