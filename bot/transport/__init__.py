"""Between Telegram and the handlers: updates in, messages and results out."""
