"""Logs that help an operator and hold no secret.

    text   2026-01-31 12:00:00,000 INFO    bot.handlers.results: job 7:42: waited 3 ms, ran 80 ms
    json   {"at", "level", "logger", "message"}; where they apply, "chat", "job" (or "jobs" of a batch) and
           "error", a traceback

The texts that people send and receive are never logged. The text of a library's own error is.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

HIDDEN: Final = "***"
LIBRARY_LEVELS: Final = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "huggingface_hub": logging.WARNING,
    "telegram": logging.INFO,
    "PIL": logging.INFO,
}

_context: ContextVar[dict[str, Any]] = ContextVar("log_context", default={})  # noqa: B039 - never mutated


@contextmanager
def log_context(**fields: Any) -> Iterator[None]:
    """Add fields, such as `chat` and `job`, to log records of this block and of tasks created in it."""
    before = _context.set(_context.get() | fields)
    try:
        yield
    finally:
        _context.reset(before)


class RedactingFormatter(logging.Formatter):
    """Formats records as text, with every secret replaced: in messages, arguments and tracebacks."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        # libraries show a token (<bot id>:<secret part>) whole, in a URL, or only its secret part
        parts = {form for text in secrets for form in (text, quote(text, safe=""), text.rpartition(":")[2])}
        self._secrets = sorted((part for part in parts if len(part) >= 4), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        return self.hide(super().format(record))

    def hide(self, text: str) -> str:
        """The text with its secrets replaced."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


class JsonFormatter(RedactingFormatter):
    """Formats each record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.hide(record.getMessage()),
            **_context.get(),
        }
        if record.exc_info:
            entry["error"] = self.hide(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def configure(secrets: Iterable[str], *, style: str = "text", level: int = logging.INFO) -> None:
    """Log to stderr, redacted, as `text` or `json`. Call it once, in `main`."""
    handler = logging.StreamHandler()
    handler.setFormatter((JsonFormatter if style == "json" else RedactingFormatter)(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # below these levels they log URLs, which contain Telegram's token, and what people sent
    for library, minimum in LIBRARY_LEVELS.items():
        logging.getLogger(library).setLevel(minimum)
