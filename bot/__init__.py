"""Telegram in, Telegram out. Knows `vlm` only by its client, protocol, memory, streams and errors."""
