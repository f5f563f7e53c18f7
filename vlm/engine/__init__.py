"""Engines turn pictures into query tokens, captions, answers and vectors. Torch lives here and in the lab."""
