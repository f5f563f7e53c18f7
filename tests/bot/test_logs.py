"""A token that has leaked into a log has leaked."""

import io
import logging
from collections.abc import Iterator

import httpx
import pytest

from bot.logs import HIDDEN, Redacting, configure

TOKEN = "123456:a-Canary_Token"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Redacting([TOKEN, "a-Canary-Password"]))
    logger = logging.getLogger("test.redaction")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


def test_secrets_are_hidden_in_messages_arguments_and_tracebacks(written: io.StringIO) -> None:
    logger = logging.getLogger("test.redaction")
    try:
        raise ValueError(f"https://api.telegram.org/bot{TOKEN}/getMe") from KeyError("a-Canary-Password")
    except ValueError:
        logger.exception("failed for %s and %r", TOKEN, {"token": TOKEN})
    text = written.getvalue()
    assert "Canary" not in text
    assert text.count(HIDDEN) >= 4
    assert "ValueError" in text


def test_a_url_encoded_token_and_its_secret_part_are_hidden_too(written: io.StringIO) -> None:
    logging.getLogger("test.redaction").warning(
        "%s %s", httpx.URL("https://h/").join(f"?t={TOKEN}"), TOKEN[7:]
    )
    assert "Canary" not in written.getvalue()


def test_httpx_is_quiet_because_its_urls_hold_the_token(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure([TOKEN])
        logging.getLogger("httpx").info("POST https://api.telegram.org/bot%s/getMe", TOKEN)
        logging.getLogger("anything").warning("the token is %s", TOKEN)
    finally:
        logging.captureWarnings(False)
        root.handlers[:], root.level = handlers, level
    text = capsys.readouterr().err
    assert "POST" not in text
    assert f"the token is {HIDDEN}" in text
