"""What the functions measure, from the request to Cloud Monitoring."""
