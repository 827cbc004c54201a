"""What people change: flags and API keys, each edit as a decision for `commit_change`."""
