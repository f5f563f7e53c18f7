"""What the bot does with each kind of message: fetch, ask the client, reply."""
