"""The floor that the hot routes are held against."""
