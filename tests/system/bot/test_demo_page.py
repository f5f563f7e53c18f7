"""The demo as a person meets it: a real browser, the small model that ships, every process of its own."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from support.chromium import CHROMIUM
from support.paths import ROOT

SAMPLES = ROOT / "vlm" / "assets" / "samples"
SAMPLE = "harbour.jpg"
expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong


def caption_of(sample: str) -> str:
    listed = json.loads((SAMPLES / "samples.json").read_text())
    return next(str(one["caption"]) for one in listed if one["file"] == sample)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running demo; what it has printed."""
    folder = tmp_path_factory.mktemp("demo")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", "--data", str(folder / "data"), "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline_s = time.monotonic() + 100
        while "Chat page" not in (shown := (folder / "output.txt").read_text()):
            assert process.poll() is None, shown
            assert time.monotonic() < deadline_s, shown
            time.sleep(0.1)
        yield shown
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "these tests need the chromium package of the system"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=CHROMIUM)


@pytest.fixture
def page(browser: Browser, demo: str) -> Iterator[Page]:
    """A visitor in a chat of their own."""
    address = re.search(r"Chat page: +(http://\S+)", demo)
    assert address
    with browser.new_context(viewport={"width": 1280, "height": 800}) as visitor:
        page = visitor.new_page()
        page.goto(f"{address[1]}?chat={time.monotonic_ns() % 10**9 + 1}")
        expect(page.get_by_role("log")).to_have_attribute("aria-busy", "false")
        yield page


def said(page: Page) -> Locator:
    """The bot's last message."""
    return page.locator(".message.theirs").last.locator(".words")


def test_it_shows_a_true_caption_and_a_true_answer_by_itself(demo: str) -> None:
    sample = re.search(r"You send: +(\S+)", demo)
    assert sample
    truth = caption_of(sample[1])
    assert "It says:   AI caption: " in demo
    assert f"It says:   AI answer: {truth.split()[-2]} " in demo  # '... on a green background'


def test_a_sample_is_captioned_truly_and_a_question_in_reply_answered_truly(page: Page) -> None:
    truth = caption_of(SAMPLE)
    page.get_by_role("button", name=f"Send the sample: {truth}").click()
    expect(said(page)).to_have_text(f"AI caption: {truth}")
    mine = page.locator(".message.mine").last
    mine.hover()
    mine.get_by_role("button", name="Reply", exact=True).click()
    page.keyboard.type("What colour is the background?")
    page.keyboard.press("Enter")
    expect(said(page)).to_have_text("AI answer: blue")


def test_a_picture_of_ones_own_is_captioned_and_asked_about_later(page: Page) -> None:
    page.locator("#picker").set_input_files(SAMPLES / "ice.jpg")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(said(page)).to_have_text(f"AI caption: {caption_of('ice.jpg')}")
    page.get_by_role("button", name=f"Send the sample: {caption_of(SAMPLE)}").click()
    expect(said(page)).to_have_text(f"AI caption: {caption_of(SAMPLE)}")
    first = page.locator(".message.mine").first
    first.hover()
    first.get_by_role("button", name="Reply", exact=True).click()
    page.keyboard.type("What colour is the background?")
    page.keyboard.press("Enter")
    expect(said(page)).to_have_text("AI answer: white")


def test_the_page_and_the_bot_say_what_the_small_model_cannot_do(page: Page) -> None:
    expect(page.locator("#about-text")).to_contain_text("Photographs are beyond it")
    expect(page.locator("#about-text")).to_contain_text("afterimage demo --model Salesforce/")
    page.get_by_role("textbox").fill("/start")
    page.keyboard.press("Enter")
    greeting = page.locator(".message.theirs", has_text="Hello").locator(".words")
    expect(greeting).to_contain_text("Photographs are beyond it")
