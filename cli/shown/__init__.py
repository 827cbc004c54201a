"""What the bundle says, as plain text for people. Pure."""
