"""Dashboards, which Cloud Monitoring takes over HTTP."""
