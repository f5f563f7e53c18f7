"""Readers for published data sets in local folders. Start at `opening`."""
