"""Who may use the bot, who decides for a chat, and which group messages are for the bot."""
