"""Visitors of the chat page in a real browser, and a small python-telegram-bot application that answers them.

The bot answers a photo with a placeholder that it edits, a text with an echo, and a button with a short word.
"""

import contextlib
import itertools
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, MessageHandler, filters

CAPTION = "AI caption: a red square"
expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong
CHATS = itertools.count(1001)
BUTTONS = InlineKeyboardMarkup([[InlineKeyboardButton("Which colour?", callback_data="colour")]])


async def on_photo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message
    placeholder = await update.message.reply_text("Looking …", do_quote=True)
    await update.message.chat.send_action("typing")
    await placeholder.edit_text(CAPTION, reply_markup=BUTTONS)


async def on_text(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message
    await update.message.reply_text(f"You said: {update.message.text}")


async def on_button(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.callback_query
    await update.callback_query.answer("Red, it seems")


@contextlib.asynccontextmanager
async def talking(url: str) -> AsyncIterator[Application]:
    """The small bot, polling the sandbox at `url`."""
    app = Application.builder().token("123:any").base_url(f"{url}/bot").concurrent_updates(True).build()
    app.add_handler(MessageHandler(filters.PHOTO | filters.Document.IMAGE, on_photo))
    app.add_handler(MessageHandler(filters.TEXT, on_text))
    app.add_handler(CallbackQueryHandler(on_button))
    async with app:
        await app.bot.set_my_commands(
            [("start", "Begin"), ("find", "Find a photo"), ("forget", "Forget a photo")]
        )
        await app.start()
        assert app.updater
        await app.updater.start_polling(timeout=10)
        yield app
        await app.updater.stop()
        await app.stop()


@contextlib.asynccontextmanager
async def opened(browser: Browser, url: str, **context: object) -> AsyncIterator[Page]:
    """A new visitor in a new chat. Any script error fails the test."""
    options = {"viewport": {"width": 1280, "height": 800}, **context}
    async with await browser.new_context(**options) as visitor:
        page = await visitor.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        await page.goto(f"{url}?chat={next(CHATS)}")
        await ready(page)
        yield page


async def ready(page: Page) -> None:
    await expect(page.get_by_role("log")).to_have_attribute("aria-busy", "false")


def box(page: Page) -> Locator:
    return page.get_by_role("textbox")


def last(page: Page, side: str = "theirs") -> Locator:
    return page.locator(f".message.{side}").last
