"""The chat page on a slow network."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect
from support.sandboxes import picture, serving
from support.visitors import box, last, opened, talking
from telegram.ext import Application

pytestmark = pytest.mark.asyncio(loop_scope="module")  # the browser's
LISTEN_IN = """
window.heard = [];
window.EventSource = class extends EventSource {
    constructor(url) {
        super(url);
        this.addEventListener("message", ({data}) => heard.push(data));
    }
};"""


@pytest_asyncio.fixture(loop_scope="module")
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with serving(tmp_path / "sandbox") as address:
        yield address


@pytest_asyncio.fixture(loop_scope="module")
async def app(url: str) -> AsyncIterator[Application]:
    async with talking(url) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, url: str, app: Application) -> AsyncIterator[Page]:
    async with opened(browser, url) as visited:
        yield visited


@contextlib.asynccontextmanager
async def answers_held_back(page: Page, path: str) -> AsyncIterator[asyncio.Event]:
    """The sandbox does what the page asks of `path`; its answers arrive when the block ends.

    The event is set as soon as there is an answer.
    """
    answered, release = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        answered.set()
        await release.wait()
        await route.fulfill(response=answer)

    await page.route(path, hold)
    yield answered
    release.set()


async def say(page: Page, words: str) -> None:
    await page.keyboard.type(words)
    await page.keyboard.press("Enter")


async def test_what_is_sent_makes_room_at_once_for_what_comes_next(page: Page) -> None:
    async with answers_held_back(page, "**/sandbox/send"):
        await say(page, "first")
        await expect(last(page)).to_contain_text("You said: first")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        await expect(page.locator("#reply")).to_contain_text("Reply to yourself")
        await page.keyboard.type("about what I said")
    await expect(page.locator("form.busy")).to_have_count(0)
    await expect(page.locator("#reply")).to_contain_text("Reply to yourself")
    await page.keyboard.press("Enter")
    await expect(last(page, "mine").locator(".words")).to_have_text("about what I said")
    await expect(last(page, "mine").locator(".quote")).to_contain_text("first")


async def test_messages_written_faster_than_they_go_keep_their_order(page: Page) -> None:
    async with answers_held_back(page, "**/sandbox/send"):
        await say(page, "first")
        await say(page, "second")
        await page.keyboard.type("not yet sent ")
    await expect(page.locator(".message.mine .words")).to_have_text(["first", "second"])
    await expect(page.locator("form.busy")).to_have_count(0)
    await expect(box(page)).to_have_value("not yet sent ")


async def test_what_could_not_be_sent_comes_back_before_what_was_written_since(page: Page) -> None:
    refused = asyncio.Event()

    async def refuse(route: Route) -> None:
        await refused.wait()
        await route.abort()

    await page.route("**/sandbox/send", refuse)
    await say(page, "first")
    await say(page, "second")
    await page.keyboard.type("third ")
    refused.set()
    await expect(page.get_by_text("Not sent")).to_be_visible()
    await expect(box(page)).to_have_value("first\nsecond\nthird ")
    await page.unroute("**/sandbox/send")
    await say(page, "and more")
    await expect(last(page, "mine").locator(".words")).to_have_text("first\nsecond\nthird and more")


async def test_a_picture_that_could_not_be_sent_comes_back_with_its_caption_and_what_it_replied_to(
    page: Page,
) -> None:
    await say(page, "hello")
    await expect(last(page)).to_contain_text("You said: hello")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    upload = {"name": "red.png", "mimeType": "image/png", "buffer": picture()}
    await page.locator("#picker").set_input_files([upload])
    await page.route("**/sandbox/send", lambda route: route.abort())
    await say(page, "like this")
    await expect(page.get_by_text("Not sent")).to_be_visible()
    await expect(page.get_by_role("list", name="Chosen pictures").get_by_role("img")).to_be_visible()
    await expect(page.locator("#reply")).to_contain_text("You said: hello")
    await page.unroute("**/sandbox/send")
    await page.keyboard.press("Enter")
    await expect(last(page, "mine").locator(".words")).to_have_text("like this")
    await expect(last(page, "mine").locator(".photo")).to_have_count(1)
    await expect(last(page, "mine").locator(".quote")).to_contain_text("You said: hello")


async def test_a_message_that_comes_while_the_page_fetches_the_others_is_shown(
    page: Page, app: Application
) -> None:
    chat = int(page.url.split("=")[1])
    await say(page, "hello")
    await expect(last(page)).to_contain_text("You said: hello")
    await page.add_init_script(LISTEN_IN)
    async with answers_held_back(page, "**/sandbox/messages*") as answered:
        await page.reload()
        await answered.wait()
        await app.bot.send_message(chat, "in between")
        await page.wait_for_function("heard.some((event) => event.includes('in between'))")
    await expect(page.locator(".message .words")).to_have_text(["hello", "You said: hello", "in between"])


async def test_the_keyboard_keeps_its_place_when_messages_go_away(page: Page, app: Application) -> None:
    chat = int(page.url.split("=")[1])
    await say(page, "hello")
    await expect(last(page)).to_contain_text("You said: hello")
    above, here = [await app.bot.send_message(chat, words) for words in ("above", "here")]
    await expect(last(page)).to_contain_text("here")
    await page.keyboard.press("ArrowUp")
    await app.bot.delete_message(chat, above.message_id)
    await expect(page.locator(".message")).to_have_count(3)
    await expect(last(page)).to_be_focused()
    await app.bot.delete_message(chat, here.message_id)
    await expect(page.locator(".message")).to_have_count(2)
    await expect(last(page)).to_be_focused()
