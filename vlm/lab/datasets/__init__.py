"""Data sets in their own published layouts, read from a local folder. Start at `opening`."""
