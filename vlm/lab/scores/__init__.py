"""Standard metrics of captions, answers, translations and search: pure functions."""
