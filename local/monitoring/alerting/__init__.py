"""Alert policies, notification channels, and what opens an incident."""
