"""Why a user gets what they get from a flag, in sentences."""
