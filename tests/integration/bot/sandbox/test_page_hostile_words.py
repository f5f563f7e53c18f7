"""The chat page shows any text as text: it runs no script and adds no element."""

import itertools
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from support.sandboxes import picture, serving
from support.visitors import ready

pytestmark = pytest.mark.asyncio(loop_scope="module")
CHATS = itertools.count(50_001)
HOSTILE = (
    "<script>window.harm = 1</script>",
    "<img src=x onerror='window.harm = 1'>",
    "<svg onload=window.harm=1>",
    "</span></p></div><h1 onmouseover=window.harm=1>x</h1>",
    "<iframe srcdoc='<script>parent.harm = 1</script>'></iframe>",
    "<a href='javascript:window.harm=1'>x</a>",
    "javascript:window.harm=1",
    "https://example.com/'onmouseover='window.harm=1",
    'https://example.com/"><script>window.harm=1</script>',
    "' onfocus='window.harm=1' autofocus='",
    '"><style>*{display:none}</style>',
    "${window.harm = 1} {{window.harm = 1}} `${window.harm = 1}`",
    "&lt;b&gt;&amp;#60;script>",
    "\u202egnp.exe\u2066<b>\u2069",
    "a\0b<!--",
    "data:text/html,<script>window.harm=1</script>",
    "*b* _i_ `c` [x](javascript:window.harm=1) ||s||",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with serving(tmp_path_factory.mktemp("sandbox"), about=HOSTILE[0] + HOSTILE[1]) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="module")
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with await browser.new_context() as visitor:
        opened = await visitor.new_page()
        opened.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        opened.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
        yield opened


async def bot(http: httpx.AsyncClient, method: str, **args: object) -> None:
    answer = await http.post(f"/bot1:any/{method}", json=args)
    assert answer.status_code == 200, answer.text


async def harmless(page: Page) -> None:
    assert await page.evaluate("window.harm") is None
    inside = (
        ".words :is(script, img, svg, iframe, h1, style, b, [onerror], [onmouseover], [onfocus], [onload])"
    )
    assert await page.locator(inside).count() == 0
    links = await page.locator(".words a").evaluate_all("links => links.map(link => link.protocol)")
    assert set(links) <= {"http:", "https:"}


@pytest.mark.promise("security#page-shows-text")
@pytest.mark.parametrize("when", ["before the page is opened", "while it is open"])
async def test_texts_and_captions_are_shown_as_they_are(
    page: Page, http: httpx.AsyncClient, url: str, when: str
) -> None:
    chat = next(CHATS)
    photo = await http.post(
        "/sandbox/send", data={"chat": chat, "caption": "x"}, files={"file": ("a.png", picture())}
    )
    [sent] = photo.json()["messages"]
    if when != "before the page is opened":
        await page.goto(f"{url}?chat={chat}")
        await ready(page)
    for words in HOSTILE:
        await bot(http, "sendMessage", chat_id=chat, text=words)
        await bot(http, "sendPhoto", chat_id=chat, photo=sent["photo"][-1]["file_id"], caption=words)
        answer = await http.post("/sandbox/send", json={"chat": chat, "text": words})
        assert answer.status_code == 200, answer.text
    if when == "before the page is opened":
        await page.goto(f"{url}?chat={chat}")
        await ready(page)
    await expect(page.locator(".message")).to_have_count(1 + 3 * len(HOSTILE))
    shown = await page.locator(".message .words").evaluate_all("all => all.map(one => one.textContent)")
    for words in HOSTILE:
        assert len([text for text in shown if text == words]) == 3, words
    await harmless(page)


@pytest.mark.promise("security#page-shows-text")
async def test_names_buttons_and_menus_are_texts_too(page: Page, http: httpx.AsyncClient, url: str) -> None:
    chat, name = next(CHATS), HOSTILE[0] + HOSTILE[1]
    await http.post("/sandbox/send", json={"chat": chat, "text": "hello", "name": name})
    keys = [[{"text": words, "callback_data": "x"}] for words in HOSTILE]
    await bot(http, "sendMessage", chat_id=chat, text="press", reply_markup={"inline_keyboard": keys})
    await bot(http, "setMyCommands", commands=[{"command": "start", "description": name}])
    await bot(http, "setMyDescription", description=name)
    await page.goto(f"{url}?chat={chat}")
    await ready(page)
    for words in HOSTILE[:4]:
        await expect(page.get_by_role("button", name=words, exact=True)).to_be_visible()
    assert await page.evaluate("window.harm") is None
    assert await page.locator("h1[onmouseover], [onerror], [onload], iframe[srcdoc]").count() == 0
