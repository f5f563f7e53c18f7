"""The state that the bot keeps in Redis, besides the memory of photos."""
