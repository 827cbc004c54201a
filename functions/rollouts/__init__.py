"""The heart: a new version or feature, released a step at a time and taken back in seconds."""
