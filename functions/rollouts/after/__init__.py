"""What follows a rollout: its rollback as a recorded deployment, verified; what users are told; and
what is kept of it once it is over."""
