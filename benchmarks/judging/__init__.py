"""Simulated rollouts, decided by the controller's own code."""
