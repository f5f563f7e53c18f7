"""Telegram in, Telegram out. Of `vlm`: its client, protocol, memory, streams, environment and errors."""
