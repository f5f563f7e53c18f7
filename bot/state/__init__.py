"""What the bot keeps in Redis besides the photo memory."""
