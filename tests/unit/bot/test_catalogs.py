"""Every sentence that a user can read is in every catalog."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from support.paths import ROOT

from bot.i18n.date_filter import parse_query
from bot.i18n.translator import CATALOGS, LOCALES, translator_for
from vlm.text.languages import ENGLISH

PLACE = re.compile(r"\{[^}]*\}")
# Calls of telegram's methods, and of ours, whose texts people read; and the names of those texts.
SHOWING = {
    "send", "send_placeholder", "send_once", "adopt", "update_placeholder", "edit", "delete", "reply",
    "edit_message", "button", "answer", "send_message", "send_photo", "send_document", "reply_text",
    "edit_message_text", "edit_message_caption", "InlineKeyboardButton", "InputMediaPhoto",
    "InputMediaDocument", "InlineQueryResultsButton", "ForceReply", "BotCommand",
    "set_my_description", "set_my_short_description",
}  # fmt: skip
SHOWN = {"text", "caption", "title", "description", "input_field_placeholder"}
SAYING = {"t", "N_", "many"}
WORDS = re.compile(r"[A-Za-z]{2,}.* .*[A-Za-z]{2,}|^[A-Z][a-z]+$")


def catalog(code: str) -> Catalog:
    with (LOCALES / code / "LC_MESSAGES" / "bot.po").open("rb") as file:
        return read_po(file, locale=code)


def forms(text: object) -> list[str]:
    return [text] if isinstance(text, str) else list(text)  # type: ignore[call-overload]


def modules(folder: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        if "sandbox" not in path.parts:
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def test_the_catalogs_are_what_the_code_says_and_compiled() -> None:
    command = [sys.executable, "scripts/catalogs", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("code", CATALOGS)
def test_every_sentence_is_translated_in_each_of_its_forms(code: str) -> None:
    known = catalog(code)
    for message in known:
        if message.id:
            assert not message.fuzzy
            assert all(form.strip() for form in forms(message.string)), message.id
            assert message.pluralizable is isinstance(message.string, tuple)
            assert len(forms(message.string)) == (known.num_plurals if message.pluralizable else 1)


@pytest.mark.parametrize("code", CATALOGS)
def test_no_translation_misses_a_place_or_has_one_of_its_own(code: str) -> None:
    for message in catalog(code):
        places = set(PLACE.findall(forms(message.id)[-1]))
        for form in forms(message.string) if message.id else []:
            assert set(PLACE.findall(form)) == places, message.id


@pytest.mark.parametrize("code", CATALOGS)
def test_no_translation_loses_a_command_or_a_line(code: str) -> None:
    for message in catalog(code):
        commands = re.findall(r"(?<!\w)/[a-z]+", forms(message.id)[-1])
        lines = forms(message.id)[-1].count("\n")
        for form in forms(message.string) if message.id else []:
            assert sorted(re.findall(r"(?<!\w)/[a-z]+", form)) == sorted(commands), message.id
            assert form.count("\n") == lines, message.id


@pytest.mark.parametrize("code", sorted(set(CATALOGS) - {ENGLISH}))
def test_a_catalog_is_in_its_language(code: str) -> None:
    ids = [str(entry.id) for entry in catalog(code) if entry.id and entry.id == entry.string]
    assert [text for text in ids if WORDS.search(PLACE.sub("", text))] == []


def test_commands_and_descriptions_fit_into_what_telegram_takes() -> None:
    from bot.replies.start import ADMIN, commands, description, short_description

    for code in CATALOGS:
        assert len(description(translator_for(code))) <= 512
        assert len(short_description(translator_for(code))) <= 120
        assert all(len(does) <= 256 for _, does in commands(translator_for(code), ADMIN))


@pytest.mark.parametrize("code", CATALOGS)
def test_the_examples_of_a_search_are_understood_in_their_language(code: str) -> None:
    t, now = translator_for(code), datetime(2026, 11, 22, tzinfo=UTC)
    for example in ("/find cats last week", "/find in May"):
        query = parse_query(t(example).lstrip("\u200e\u200f").removeprefix("/find "), t, now)
        assert query.since_ms < query.until_ms
        assert bool(query.text) is ("cats" in example)


def test_no_sentence_is_shown_that_the_catalogs_do_not_have() -> None:
    assert [text for name, tree in modules("bot") for text in bare(name, tree)] == []


def bare(name: str, tree: ast.Module) -> Iterator[str]:
    """Texts that are shown as they stand in the code."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if called(call) in SHOWING:
            shown = [*call.args, *(word.value for word in call.keywords if word.arg in SHOWN)]
            yield from (f"{name}:{node.lineno}: {ast.unparse(node)}" for node in shown if is_said(node))


def is_said(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(is_said(part) for part in node.values)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(WORDS.search(node.value))


def called(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def test_whatever_the_replies_say_goes_through_the_catalogs() -> None:
    assert [text for name, tree in modules("bot/replies") for text in unsaid(name, tree)] == []


def unsaid(name: str, tree: ast.Module) -> Iterator[str]:
    """Texts that are neither said in a language, nor documentation, nor commands for a terminal."""
    spoken = {id(node) for call in ast.walk(tree) if isinstance(call, ast.Call) and called(call) in SAYING
            for argument in call.args for node in ast.walk(argument)}  # fmt: skip
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in spoken | docs and is_said(node):
            if str(node.value).startswith("vlm "):
                continue
            yield f"{name}:{node.lineno}: {node.value}"


def test_errors_that_people_read_have_places_not_figures() -> None:
    """A message that is put together cannot be found in a catalog."""
    reported = {"BadRequest", "BadImage", "TooLarge", "Unsupported", "NotFound", "QueueFull", "PictureGone",
            "EngineFailure", "OutOfMemory", "Poisoned"}  # fmt: skip
    unreported = [
        f"{name}:{call.lineno}"
        for name, tree in [*modules("bot"), *modules("vlm")]
        if not name.startswith(("vlm/lab", "vlm/commands", "vlm/engine"))
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and called(call) in reported and call.args
        if isinstance(call.args[0], ast.JoinedStr)
    ]
    assert unreported == []
