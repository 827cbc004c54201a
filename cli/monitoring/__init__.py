"""What of Palier stands in Cloud Monitoring: policies, dashboard, metrics and their cost."""
