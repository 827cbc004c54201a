"""What people do with the stories that were made for them."""
