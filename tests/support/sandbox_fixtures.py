"""A sandbox on a free port, a real python-telegram-bot that talks to it, a person, a browser."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright
from telegram import Bot

from support.chromium import CHROMIUM
from support.sandboxes import Person, serving


@pytest.fixture(autouse=True)
def durations_are_timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # the library warns about its old way


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with serving(tmp_path / "sandbox") as address:
        yield address


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        yield client


@pytest.fixture
async def person(http: httpx.AsyncClient) -> Person:
    return Person(http)


@pytest.fixture
async def bot(url: str) -> AsyncIterator[Bot]:
    async with Bot("123:any", f"{url}/bot", f"{url}/file/bot") as ready:
        yield ready


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    program = shutil.which("chromium")
    assert program, "these tests need the chromium package of the system"
    async with async_playwright() as playwright:
        yield await playwright.chromium.launch(executable_path=program, args=CHROMIUM)
