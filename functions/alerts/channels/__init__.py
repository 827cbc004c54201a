"""Where messages go: PagerDuty, Slack, e-mail, webhooks, the log."""
