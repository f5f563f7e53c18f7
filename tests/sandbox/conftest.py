"""A sandbox on a free port, a real python-telegram-bot that talks to it, and a person who writes."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sandboxes import Person, serving
from telegram import Bot


@pytest.fixture(autouse=True)
def durations_are_timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # the library warns about its old way


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with serving(tmp_path / "sandbox") as address:
        yield address


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture
async def person(http: httpx.AsyncClient) -> Person:
    return Person(http)


@pytest.fixture
async def bot(url: str) -> AsyncIterator[Bot]:
    async with Bot("123:any", f"{url}/bot", f"{url}/file/bot") as ready:
        yield ready
