"""What is too much, since when, and who hears of it."""
