"""Alerts, the rules that they come of, and who is silent."""
