"""Logging that tells an admin what happens and a thief nothing."""

import logging
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

HIDDEN: Final = "***"


class Redacting(logging.Formatter):
    """Writes records with every secret replaced: in messages, in arguments and in tracebacks."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        # libraries quote a token (<bot id>:<secret part>) whole, in a URL, or only its secret part
        parts = {form for text in secrets for form in (text, quote(text, safe=""), text.rpartition(":")[2])}
        self._secrets = sorted((part for part in parts if len(part) >= 4), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def configure(secrets: Iterable[str], level: int = logging.INFO) -> None:
    """Log to stderr, redacted. Called once, by a main."""
    handler = logging.StreamHandler()
    handler.setFormatter(Redacting(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for chatty in ("httpx", "httpcore"):  # at INFO they write every URL, and Telegram's hold the token
        logging.getLogger(chatty).setLevel(logging.WARNING)
