"""The Telegram bot. Which parts of `vlm` it may import: docs/architecture.md."""
