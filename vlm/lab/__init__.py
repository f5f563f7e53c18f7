"""The laboratory: pictures that we draw ourselves, a small BLIP-2 that learns from them, and its scores."""
