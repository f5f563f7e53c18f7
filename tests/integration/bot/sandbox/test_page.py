"""The chat page's promises, in a real browser."""

import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from support.sandboxes import picture, serving
from support.visitors import CAPTION, box, last, opened, ready, talking
from telegram import ForceReply
from telegram.ext import Application

pytestmark = pytest.mark.asyncio(loop_scope="module")  # so that one browser serves all of them
ABOUT = "The tiny model answers here. Try `make demo`."


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    for name, color in (("red.jpg", "red"), ("blue.jpg", "blue"), ("wide.jpg", "green")):
        (folder / name).write_bytes(picture(640 if name == "wide.jpg" else 512, 480, color, "JPEG"))
    listed = [{"file": "red.jpg", "caption": "a red square"}, {"file": "blue.jpg"}, {"file": "wide.jpg"}]
    (folder / "samples.json").write_text(json.dumps(listed))
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> AsyncIterator[str]:
    async with serving(tmp_path_factory.mktemp("sandbox"), samples=samples, about=ABOUT) as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(url: str) -> AsyncIterator[Application]:
    async with talking(url) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, url: str, app: Application) -> AsyncIterator[Page]:
    async with opened(browser, url) as visited:
        yield visited


async def test_a_picked_picture_is_shown_read_and_captioned_in_place(page: Page, samples: Path) -> None:
    await page.locator("#picker").set_input_files(samples / "red.jpg")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(last(page).locator(".words")).to_have_text(CAPTION)
    assert await page.locator(".message").count() == 2, "the placeholder became the caption"
    await expect(last(page, "mine").get_by_role("img")).to_have_attribute("alt", CAPTION)
    await expect(last(page, "mine").locator(".ticks")).to_contain_text("seen")


async def test_several_pictures_go_as_one_album_with_their_caption(page: Page, samples: Path) -> None:
    await page.locator("#picker").set_input_files(
        [samples / name for name in ("red.jpg", "blue.jpg", "wide.jpg")]
    )
    await page.get_by_role("button", name="Remove blue.jpg").click()
    await page.get_by_role("textbox", name="Caption").fill("two of them")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.mine .tile")).to_have_count(2)
    await expect(page.locator(".message.mine")).to_have_count(1)
    await expect(last(page, "mine").locator(".words")).to_have_text("two of them")
    await expect(page.locator(".message.theirs", has_text=CAPTION)).to_have_count(2)


GIVE = """([kind, target, data]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([Uint8Array.from(data)], "given.png", {type: "image/png"}));
    const options = {bubbles: true, cancelable: true};
    const event = kind === "paste"
        ? new ClipboardEvent(kind, {...options, clipboardData: carried})
        : new DragEvent(kind, {...options, dataTransfer: carried});
    document.querySelector(target).dispatchEvent(event);
}"""


async def test_a_pasted_picture_waits_for_its_caption(page: Page) -> None:
    await page.evaluate(GIVE, ["paste", "#text", list(picture())])
    await expect(page.get_by_role("list", name="Chosen pictures").get_by_role("img")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(page.locator("#attached")).to_be_hidden()
    await page.evaluate(GIVE, ["paste", "#text", list(picture())])
    await page.keyboard.type("pasted")
    await page.keyboard.press("Enter")
    await expect(last(page, "mine").locator(".words")).to_have_text("pasted")
    await expect(last(page, "mine").locator(".photo")).to_have_count(1)


async def test_a_picture_dropped_on_the_lower_half_goes_as_a_file(page: Page) -> None:
    await page.evaluate(GIVE, ["dragenter", "#scroller", list(picture())])
    await expect(page.get_by_text("Drop to send as a photo")).to_be_visible()
    await page.evaluate(GIVE, ["drop", "[data-as=file]", list(picture())])
    await expect(page.get_by_text("Drop to send as a photo")).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(last(page, "mine").locator(".file")).to_contain_text("given.png")


async def test_a_reply_quotes_its_original_and_leads_back_to_it(page: Page, app: Application) -> None:
    await page.get_by_role("button", name="Send the sample: a red square").click()
    await expect(last(page).locator(".words")).to_have_text(CAPTION)
    await last(page).hover()
    await last(page).get_by_role("button", name="Reply", exact=True).click()
    await expect(page.locator("#reply")).to_contain_text(CAPTION)
    await page.keyboard.type("how many?")
    await page.keyboard.press("Enter")
    quote = last(page, "mine").locator(".quote")
    await expect(quote).to_contain_text(CAPTION)
    await expect(last(page).locator(".words")).to_have_text("You said: how many?")
    await expect(page.locator("#reply")).to_be_hidden()
    await quote.click()
    await expect(page.locator(".message", has_text=CAPTION).and_(page.locator(":focus"))).to_have_count(1)


async def test_everything_can_be_done_by_keyboard(page: Page) -> None:
    await box(page).press_sequentially("first")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("second line")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("You said: first\nsecond line")
    await page.keyboard.press("ArrowUp")  # the newest message
    await page.keyboard.press("ArrowUp")  # the one before
    await page.keyboard.press("Enter")
    await expect(page.locator("#reply")).to_contain_text("Reply to yourself")
    await expect(box(page)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#reply")).to_be_hidden()


async def test_a_slash_opens_the_commands_and_typing_narrows_them(page: Page) -> None:
    await box(page).press_sequentially("/f")
    options = page.get_by_role("listbox", name="Commands").get_by_role("option")
    await expect(options).to_have_text([re.compile("/find"), re.compile("/forget")])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(last(page, "mine").locator(".words")).to_have_text("/forget")
    await page.get_by_role("button", name="Commands").click()
    await options.filter(has_text="/start").click()
    await expect(last(page, "mine").locator(".words")).to_have_text("/start")


async def test_the_send_button_closes_the_commands_too(page: Page) -> None:
    await box(page).press_sequentially("/find")
    await expect(page.get_by_role("listbox", name="Commands")).to_be_visible()
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(last(page)).to_contain_text("You said: /find")
    await expect(page.get_by_role("listbox", name="Commands")).to_be_hidden()


async def test_a_button_under_a_message_is_answered(page: Page) -> None:
    await page.get_by_role("button", name="Send the sample: a red square").click()
    await page.get_by_role("button", name="Which colour?").click()
    await expect(page.get_by_text("Red, it seems")).to_be_visible()


async def test_a_message_that_wants_an_answer_opens_the_reply(page: Page, app: Application) -> None:
    await box(page).fill("hello")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("You said: hello")
    prompt = ForceReply(input_field_placeholder="Your words")
    sent = await app.bot.send_message(int(page.url.split("=")[1]), "Which words?", reply_markup=prompt)
    assert sent.reply_markup is None
    await expect(page.locator("#reply-what")).to_have_text("Which words?")
    await expect(box(page)).to_have_attribute("placeholder", "Your words")
    await page.keyboard.type("these")
    await page.keyboard.press("Enter")
    await expect(last(page, "mine").locator(".quote")).to_contain_text("Which words?")
    await expect(box(page)).to_have_attribute("placeholder", "Message")


async def test_a_photo_opens_large_and_closes_with_escape(page: Page) -> None:
    await page.get_by_role("button", name="Send the sample: a red square").click()
    await expect(last(page).locator(".words")).to_have_text(CAPTION)
    await page.locator(".photo").click()
    viewer = page.get_by_role("dialog", name="Photo")
    await expect(viewer.get_by_role("img")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()


async def test_the_words_of_others_are_never_markup(page: Page, app: Application) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\"> <b>bold</b> javascript:alert(1)"
    await box(page).fill(evil)
    await page.keyboard.press("Enter")
    await expect(last(page).locator(".words")).to_have_text(f"You said: {evil}")
    assert await page.locator(".words img, .words b").count() == 0
    assert await page.title() == "Afterimage"


async def test_typing_shows_and_ends_with_the_message(page: Page, app: Application) -> None:
    await box(page).fill("hello")
    await page.keyboard.press("Enter")
    await expect(last(page).locator(".words")).to_have_text("You said: hello")
    chat = int(page.url.split("=")[1])
    before = await page.locator(".bar").bounding_box()
    await app.bot.send_chat_action(chat, "typing")
    await expect(page.locator("#status")).to_have_text("typing…")
    await expect(page.locator("#status")).to_have_css("opacity", "1")
    assert await page.locator(".bar").bounding_box() == before, "nothing on the page moves"
    sent = await app.bot.send_message(chat, "here it is")
    await expect(page.locator("#status")).not_to_have_text("typing…")
    await app.bot.delete_message(chat, sent.message_id)
    await expect(page.get_by_text("here it is")).to_have_count(0)


async def test_the_note_about_the_model_can_be_closed_and_found_again(page: Page) -> None:
    note = page.get_by_role("region", name="About the model")
    await expect(note).to_contain_text("The tiny model answers here.")
    await page.get_by_role("button", name="Got it").click()
    await page.reload()
    await ready(page)
    await expect(note).to_be_hidden()
    await page.get_by_role("button", name="About the model").click()
    await expect(note).to_be_visible()


async def test_light_and_dark_follow_the_system_until_they_are_chosen(browser: Browser, url: str) -> None:
    async with opened(browser, url, color_scheme="dark") as page:
        shade = "getComputedStyle(document.body).backgroundColor"
        dark = await page.evaluate(shade)
        await page.get_by_role("button", name="Switch between light and dark").click()
        light = await page.evaluate(shade)
        assert dark != light
        await page.reload()
        await ready(page)
        assert await page.evaluate(shade) == light


@pytest.mark.parametrize("width", [320, 390, 844])
async def test_a_phone_shows_it_all_without_scrolling_sideways(
    browser: Browser, url: str, app: Application, width: int
) -> None:
    phone = {"viewport": {"width": width, "height": 844}, "has_touch": True, "is_mobile": True}
    async with opened(browser, url, **phone) as page:
        await page.get_by_role("button", name="Sample pictures").tap()
        await page.get_by_role("button", name="Send the sample: wide").tap()
        await expect(page.get_by_role("complementary", name="Sample pictures")).to_be_hidden()
        await box(page).fill("x" * 300)
        await page.get_by_role("button", name="Send", exact=True).tap()
        await expect(last(page)).to_contain_text("You said: xxx")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate("scroller.scrollWidth - scroller.clientWidth") <= 0


async def test_a_lost_connection_is_said_and_loses_nothing(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    async with contextlib.AsyncExitStack() as stack:
        async with serving(folder) as url:
            page = await stack.enter_async_context(opened(browser, url))
            await box(page).fill("before")
            await page.keyboard.press("Enter")
            await expect(last(page, "mine")).to_contain_text("before")
        await expect(page.get_by_text("Connection lost")).to_be_visible()
        await box(page).fill("kept, though it cannot be sent now")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Not sent")).to_be_visible()
        await stack.enter_async_context(serving(folder, port=int(url.rsplit(":", 1)[1])))
        await expect(page.get_by_text("Connection lost")).to_be_hidden()
        await page.keyboard.press("Enter")
        await expect(last(page, "mine")).to_contain_text("kept, though")
        await expect(page.locator(".message.mine")).to_have_count(2)


async def test_an_empty_chat_invites(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Show me a picture")).to_be_visible()
    await page.get_by_role("button", name="Start", exact=True).click()
    await expect(last(page).locator(".words")).to_have_text("You said: /start")
    await expect(page.get_by_role("heading", name="Show me a picture")).to_be_hidden()
