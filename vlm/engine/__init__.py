"""Engines turn pictures into query tokens, captions, answers and vectors. Only here (and in the lab) is torch imported."""
