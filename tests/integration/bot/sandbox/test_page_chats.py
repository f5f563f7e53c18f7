"""The chat page's promises beyond one chat in one language: friends, inline mode, links to the bot, edits."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect
from support.sandboxes import picture, serving
from support.visitors import CAPTION, box, last, opened, ready, talking
from telegram import (
    BotCommandScopeAllGroupChats,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    InputMediaPhoto,
    MessageEntity,
    Update,
    User,
)
from telegram.ext import Application, ContextTypes, InlineQueryHandler

from bot.sandbox.chat import OF_FRIENDS

pytestmark = pytest.mark.asyncio(loop_scope="module")  # so that one browser serves all of them
RED = {"name": "red.png", "mimeType": "image/png", "buffer": picture()}
ARABIC = "وصف: دراجة حمراء. اكتب /find لتجدها"


async def on_inline(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Finds nothing but what the test has put there."""
    query = update.inline_query
    assert query
    found = [
        InlineQueryResultCachedPhoto(str(number), photo, title=f"{query.query} {number}")
        for number, photo in enumerate(context.bot_data.get("photos", []), 1)
    ]
    button = InlineQueryResultsButton("Send me a photo", start_parameter="inline")
    await query.answer(found, cache_time=0, is_personal=True, button=button)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with serving(tmp_path_factory.mktemp("sandbox")) as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(url: str) -> AsyncIterator[Application]:
    async with talking(url) as running:
        running.add_handler(InlineQueryHandler(on_inline))
        await running.bot.set_my_commands([("find", "Finde ein Foto")], language_code="de")
        await running.bot.set_my_commands([("auto", "Every photo")], BotCommandScopeAllGroupChats())
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, url: str, app: Application) -> AsyncIterator[Page]:
    noise: list[str] = []
    async with opened(browser, url) as visited:
        visited.on("console", lambda entry: noise.append(entry.text))
        yield visited
    assert noise == [], "the browser has nothing to complain about"


def chat_of(page: Page) -> int:
    match = re.search(r"chat=(\d+)", page.url)
    assert match
    return int(match[1])


def chats(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Chats")


async def say(page: Page, words: str) -> None:
    await box(page).fill(words)
    await page.keyboard.press("Enter")


async def test_in_the_group_of_friends_one_chooses_who_writes(page: Page) -> None:
    await chats(page).get_by_role("button", name="Friends").click()
    await expect(page.get_by_role("heading", name="Friends")).to_be_visible()
    await say(page, "mine")
    await expect(last(page, "mine").locator(".words")).to_have_text("mine")
    await page.get_by_role("radio", name="Ada").check()
    await say(page, "hers")
    theirs = page.locator(".message.theirs", has_text="Ada").first
    await expect(theirs.locator(".author")).to_have_text("Ada")
    await expect(theirs.locator(".words")).to_have_text("hers")
    await expect(page.locator(".message.mine")).to_have_count(1)


async def test_a_selective_question_opens_the_reply_of_whom_it_mentions_alone(
    page: Page, app: Application
) -> None:
    await chats(page).get_by_role("button", name="Friends").click()
    await expect(page.get_by_role("group", name="Write as")).to_be_visible()
    await box(page).fill("hello")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("You said: hello")
    you = int(re.findall(r"chat=(\d+)", page.url)[0])
    group, prompt = OF_FRIENDS - you, ForceReply(selective=True)
    for who, words in ((you + 1, "somebody"), (you, "you")):
        mark = MessageEntity("text_mention", 0, len(words), user=User(who, words, is_bot=False))
        await app.bot.send_message(group, f"{words}, which words?", reply_markup=prompt, entities=[mark])
        await expect(last(page)).to_contain_text(f"{words}, which words?")
        if who != you:
            await expect(page.locator("#reply-what")).to_be_hidden()
    await expect(page.locator("#reply-what")).to_have_text("you, which words?")


async def test_each_chat_keeps_its_messages_and_a_reload_stays_where_one_was(page: Page) -> None:
    await say(page, "to the bot alone")
    await expect(last(page)).to_contain_text("You said: to the bot alone")
    await chats(page).get_by_role("button", name="Friends").click()
    await expect(page.get_by_text("to the bot alone")).to_have_count(0)
    await page.reload()
    await ready(page)
    await expect(page.get_by_role("heading", name="Friends")).to_be_visible()
    await chats(page).get_by_role("button", name="Afterimage").click()
    await expect(last(page)).to_contain_text("You said: to the bot alone")


async def test_what_comes_in_the_other_chat_is_counted_until_one_looks(page: Page, app: Application) -> None:
    await say(page, "hello")
    await expect(last(page)).to_contain_text("You said: hello")
    await chats(page).get_by_role("button", name="Friends").click()
    await expect(page.get_by_role("group", name="Write as")).to_be_visible()
    for words in ("one", "two"):
        await app.bot.send_message(chat_of(page), words)
    private = chats(page).get_by_role("button", name="Afterimage")
    await expect(private).to_have_text("Afterimage2 new messages")
    await private.click()
    await expect(private).to_have_text("Afterimage")
    await expect(last(page)).to_contain_text("two")


async def test_the_commands_are_those_of_the_chat_and_the_language(page: Page) -> None:
    menu = page.get_by_role("listbox", name="Commands")
    await page.get_by_role("combobox", name="Your language").select_option("de")
    await page.get_by_role("button", name="Commands").click()
    await expect(menu.get_by_role("option")).to_have_text("/findFinde ein Foto")
    await page.keyboard.press("Tab")
    await expect(box(page)).to_have_value("/find ")
    await chats(page).get_by_role("button", name="Friends").click()
    await page.get_by_role("button", name="Commands").click()
    await expect(menu.get_by_role("option")).to_have_text("/autoEvery photo")


async def test_the_bot_hears_the_language_that_was_chosen_and_a_reload_keeps_it(
    page: Page, url: str, app: Application
) -> None:
    await page.get_by_role("combobox", name="Your language").select_option("pt-br")
    await page.reload()
    await ready(page)
    language = page.get_by_role("combobox", name="Your language")
    await expect(language).to_have_value("pt-br")
    await say(page, "olá")
    await expect(last(page)).to_contain_text("You said: olá")
    response = await page.request.get(f"{url}/sandbox/state?chat={chat_of(page)}")
    assert (await response.json())["you"]["language_code"] == "pt-br"


FROM_TIME_TO_WORDS_PX = """(said) => {
    const words = document.createRange();
    words.selectNodeContents(said.querySelector(".words"));
    return words.getBoundingClientRect().left - said.querySelector(".meta").getBoundingClientRect().right;
}"""


async def test_text_from_right_to_left_reads_so_and_its_commands_stay_whole(
    page: Page, app: Application
) -> None:
    await say(page, "hello")
    await expect(last(page)).to_contain_text("You said: hello")
    await app.bot.send_message(chat_of(page), ARABIC)
    quote = last(page).locator(".said")
    await expect(quote).to_contain_text("دراجة")
    assert await quote.evaluate("(node) => getComputedStyle(node).direction") == "rtl"
    await expect(quote.get_by_role("button", name="/find")).to_have_attribute("dir", "ltr")
    await app.bot.send_message(chat_of(page), "صورة واحدة")
    await expect(quote).to_contain_text("واحدة")
    assert await quote.evaluate(FROM_TIME_TO_WORDS_PX) >= 8
    await say(page, "/help")  # what a clock says in Arabic turns nothing around
    assert await last(page, "mine").locator(".said").evaluate("(node) => node.matches(':dir(ltr)')")


async def test_what_is_said_is_marked_as_of_ones_own_language(page: Page) -> None:
    await page.get_by_role("combobox", name="Your language").select_option("zh-hans")
    for part in (page.get_by_role("log"), page.locator("#status")):
        await expect(part).to_have_attribute("lang", "zh-hans")


async def test_the_bots_name_and_words_show_photos_and_choosing_one_posts_it(
    page: Page, url: str, app: Application
) -> None:
    await page.locator("#picker").set_input_files([RED])
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(last(page)).to_contain_text(CAPTION)
    shown = await page.request.get(f"{url}/sandbox/messages?chat={chat_of(page)}")
    photo = (await shown.json())["messages"][0]["photo"][-1]["file_id"]
    app.bot_data["photos"] = [photo] * 3
    await chats(page).get_by_role("button", name="Friends").click()
    await expect(page.get_by_role("group", name="Write as")).to_be_visible()
    await box(page).fill("@afterimage_bot bicycle")
    results = page.get_by_role("listbox", name="Results")
    await expect(results.get_by_role("option")).to_have_text(["bicycle 1", "bicycle 2", "bicycle 3"])
    await expect(page.get_by_text("3 results")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(results.get_by_role("option", selected=True)).to_have_text("bicycle 2")
    await page.keyboard.press("Enter")
    await expect(last(page, "mine")).to_contain_text("via @afterimage_bot")
    await expect(last(page, "mine").locator(".photo")).to_have_count(1)
    await expect(box(page)).to_have_value("")
    await expect(results).to_be_hidden()


async def test_a_question_that_names_the_bot_goes_as_it_was_written(page: Page, app: Application) -> None:
    app.bot_data["photos"] = []
    await box(page).fill("@afterimage_bot what is new?")
    await expect(page.get_by_text("Nothing found.")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(last(page, "mine").locator(".words")).to_have_text("@afterimage_bot what is new?")
    await expect(page.get_by_text("Nothing found.")).to_be_hidden()
    await page.locator("#picker").set_input_files([RED])
    await say(page, "@afterimage_bot what is this?")
    await expect(last(page, "mine").locator(".words")).to_have_text("@afterimage_bot what is this?")
    await expect(page.get_by_role("region", name="Inline results")).to_be_hidden()


async def test_nothing_found_is_said_and_the_button_leads_to_the_bot(page: Page, app: Application) -> None:
    app.bot_data["photos"] = []
    await chats(page).get_by_role("button", name="Friends").click()
    await expect(page.get_by_role("group", name="Write as")).to_be_visible()
    await box(page).fill("@afterimage_bot unicorn")
    await expect(page.get_by_text("Nothing found.")).to_be_visible()
    await page.get_by_role("button", name="Send me a photo").click()
    await expect(last(page).locator(".words")).to_have_text("You said: /start inline")
    await expect(page.get_by_role("heading", name="Afterimage")).to_be_visible()


async def test_links_to_the_bot_open_its_chat_and_bring_their_word(page: Page, app: Application) -> None:
    await say(page, "hello")
    await expect(last(page)).to_contain_text("You said: hello")
    url = "https://t.me/afterimage_bot?start=in-"
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("Come in", url=url + "key")]])
    await app.bot.send_message(chat_of(page), f"Join: {url}words", reply_markup=keys)
    await page.get_by_role("button", name=f"{url}words").click()
    await expect(last(page).locator(".words")).to_have_text("You said: /start in-words")
    await page.get_by_role("button", name="Come in").click()
    await expect(last(page).locator(".words")).to_have_text("You said: /start in-key")


async def test_an_album_of_the_bots_shows_each_caption_under_its_picture(
    page: Page, app: Application
) -> None:
    await say(page, "hello")
    await expect(last(page)).to_contain_text("You said: hello")
    photos = [
        InputMediaPhoto(picture(color=color), caption=f"all {color}") for color in ("red", "navy", "teal")
    ]
    await app.bot.send_media_group(chat_of(page), photos)
    album = last(page)
    await expect(album.locator("figcaption")).to_have_text(["all red", "all navy", "all teal"])
    await expect(album.get_by_role("img", name="all navy")).to_be_visible()
    await album.get_by_role("button", name="Reply to picture 2").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#reply")).to_contain_text("all navy")


async def test_what_one_wrote_can_be_corrected_and_is_marked(page: Page) -> None:
    await say(page, "helo")
    await expect(last(page)).to_contain_text("You said: helo")
    await box(page).fill("a draft")
    mine = last(page, "mine")
    await mine.hover()
    await mine.get_by_role("button", name="Edit").click()
    await expect(box(page)).to_have_value("helo")
    await say(page, "hello")
    await expect(mine.locator(".words")).to_have_text("hello")
    await expect(mine).to_contain_text("edited")
    await expect(box(page)).to_have_value("a draft")  # what was begun before comes back
    await box(page).fill("")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("F2")
    await expect(box(page)).to_have_value("hello")
    await page.keyboard.press("Escape")
    await expect(page.locator("#reply")).to_be_hidden()
    await expect(box(page)).to_have_value("")


async def test_a_file_of_the_bots_can_be_saved_under_its_name(page: Page, app: Application) -> None:
    await say(page, "hello")
    await expect(last(page)).to_contain_text("You said: hello")
    await app.bot.send_document(chat_of(page), b"PK and so on", filename="export.zip")
    async with page.expect_download() as saving:
        await last(page).get_by_role("link", name="export.zip").click()
    saved = await saving.value
    assert saved.suggested_filename == "export.zip"
    assert (await asyncio.to_thread((await saved.path()).read_bytes)) == b"PK and so on"


async def test_who_presses_buttons_by_keyboard_stays_among_them(page: Page, app: Application) -> None:
    await say(page, "hello")
    await expect(last(page)).to_contain_text("You said: hello")

    def keys(*words: str) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup([[InlineKeyboardButton(word, callback_data=word) for word in words]])

    sent = await app.bot.send_message(chat_of(page), "first page", reply_markup=keys("Back", "On"))
    await page.get_by_role("button", name="On", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Red, it seems")).to_be_visible()
    await app.bot.edit_message_text(
        "second page", chat_of(page), sent.message_id, reply_markup=keys("Back", "Onward")
    )
    await expect(page.get_by_role("button", name="Onward")).to_be_focused()


async def test_stickers_are_seen_and_what_moves_is_named(page: Page, url: str) -> None:
    for name, kind in (("a.webp", "sticker"), ("b.tgs", "animated_sticker"), ("c.ogg", "voice")):
        form = {"chat": str(chat_of(page)), "kind": kind}
        file = {"name": name, "mimeType": "image/webp", "buffer": picture(form="WEBP")}
        await page.request.post(f"{url}/sandbox/send", multipart={**form, "file": file})
    await expect(page.get_by_role("img", name="Sticker")).to_be_visible()
    await expect(page.get_by_role("link", name="Animated sticker")).to_be_visible()
    await expect(page.get_by_role("link", name="Voice message")).to_be_visible()


async def test_the_group_says_what_happened_in_it(page: Page, url: str) -> None:
    await chats(page).get_by_role("button", name="Friends").click()
    await expect(page.get_by_role("group", name="Write as")).to_be_visible()
    friends = {"chat": -1_900_000_000_000 - chat_of(page), "user": chat_of(page)}
    await page.request.post(f"{url}/sandbox/block", data=friends)
    await page.request.post(f"{url}/sandbox/unblock", data=friends)
    await expect(page.locator(".service")).to_have_text(["You removed Afterimage", "You added Afterimage"])


@pytest.mark.parametrize("width", [320, 390])
async def test_a_phone_has_room_for_chats_language_and_buttons(
    browser: Browser, url: str, app: Application, width: int
) -> None:
    phone = {"viewport": {"width": width, "height": 844}, "has_touch": True, "is_mobile": True}
    async with opened(browser, url, **phone) as page:
        await say(page, "hello")
        await expect(last(page)).to_contain_text("You said: hello")
        words = ["What is on the left?", "What colour is the background?", "x" * 60]
        row = [InlineKeyboardButton(word, callback_data=word[:9]) for word in words]
        photos = [InputMediaPhoto(picture(color=color), caption="word " * 30) for color in ("red", "navy")]
        await app.bot.send_media_group(chat_of(page), photos)
        await app.bot.send_message(chat_of(page), "?", reply_markup=InlineKeyboardMarkup([row]))
        await expect(page.get_by_role("button", name="xxx")).to_be_visible()
        await chats(page).get_by_role("button", name="Friends").tap()
        await expect(page.get_by_role("radio", name="Noor")).to_be_visible()
        await chats(page).get_by_role("button", name="Afterimage").tap()
        await expect(page.get_by_role("button", name="xxx")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate("scroller.scrollWidth - scroller.clientWidth") <= 0
