"""Languages: the translator of the bot's sentences, and readers of what people type."""
