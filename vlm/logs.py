"""Logging that tells an admin what happens and a thief nothing.

    text   2026-01-31 12:00:00,000 INFO    bot.handlers.results: job 7:42: waited 3 ms, ran 80 ms
    json   {"at", "level", "logger", "message"}; where there are any, "chat", "job" (or "jobs" of a batch) and
           "error", a traceback

What people sent, and what they were told, is never logged. What a library puts into its own errors is.
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
QUIET: Final = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "huggingface_hub": logging.WARNING,
    "telegram": logging.INFO,
    "PIL": logging.INFO,
}

_facts: ContextVar[dict[str, Any]] = ContextVar("facts", default={})  # noqa: B039 - it is never written to


@contextmanager
def about(**facts: Any) -> Iterator[None]:
    """Whatever is logged in this block, and in tasks begun in it, is about this chat or job."""
    before = _facts.set(_facts.get() | facts)
    try:
        yield
    finally:
        _facts.reset(before)


class Redacting(logging.Formatter):
    """Writes records with every secret replaced: in messages, in arguments and in tracebacks."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        # libraries quote a token (<bot id>:<secret part>) whole, in a URL, or only its secret part
        parts = {form for text in secrets for form in (text, quote(text, safe=""), text.rpartition(":")[2])}
        self._secrets = sorted((part for part in parts if len(part) >= 4), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        return self.hide(super().format(record))

    def hide(self, text: str) -> str:
        """The text without the secrets in it."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


class JsonLines(Redacting):
    """Writes each record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.hide(record.getMessage()),
            **_facts.get(),
        }
        if record.exc_info:
            told["error"] = self.hide(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False)


def configure(secrets: Iterable[str], *, style: str = "text", level: int = logging.INFO) -> None:
    """Log to stderr, redacted, as `text` or `json`. Called once, by a main."""
    handler = logging.StreamHandler()
    handler.setFormatter((JsonLines if style == "json" else Redacting)(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # what they have to say below these levels are URLs, which hold Telegram's token, and what people sent
    for library, least in QUIET.items():
        logging.getLogger(library).setLevel(least)
