"""What stories may use: of a user's hour, of a day's money, of an instance's memory."""
