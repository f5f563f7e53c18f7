"""Text without a model: the clean-up of captions, and language codes."""
