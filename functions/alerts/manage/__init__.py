"""What people define and see of alerts: rules, templates, silences, states and events."""
