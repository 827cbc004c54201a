"""What fires of one version is one incident: told, escalated, answered for, and over."""
