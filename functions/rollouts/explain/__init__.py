"""A rollout in sentences, for people who ask what it is waiting for."""
