"""The demo: every process on this machine, with a chat page."""
