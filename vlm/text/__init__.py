"""Captions and questions as text: clean-up, translation, languages."""
