"""/export: everything of a chat in a zip that `vlm evaluate` and training read."""

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from redis.asyncio import Redis
from support.bot_stack import Json, Person, Stack, picture, wait_until
from telegram import Bot

from bot.exports import exporter as export
from bot.exports.exporter import EXPORTS, Exporter, ExportOrder
from bot.state.reply_target import ReplyTarget, SentMessage
from bot.transport.outbox import Outbox
from bot.transport.telegram_files import TelegramFiles
from vlm.lab.datasets.folder import jsonl_captions, jsonl_questions, sidecar_captions
from vlm.memory import Memory, Photo
from vlm.queue.connection import connect
from vlm.queue.streams import Entry


@pytest.fixture
async def server(stack: Stack) -> AsyncIterator[Redis]:
    async with connect(stack.server.url) as redis:
        yield redis


@pytest.fixture
async def bot(stack: Stack) -> AsyncIterator[Bot]:
    async with Bot("1:sandbox-token", f"{stack.page}/bot", f"{stack.page}/file/bot") as bot:
        yield bot


def documents(person: Person) -> list[Json]:
    return [
        message["document"]
        for message in person.messages()
        if message["from"]["is_bot"] and "document" in message
    ]


def archives(stack: Stack, person: Person) -> list[ZipFile]:
    """The zips that the bot sent to somebody; the last one comes after what it says of them."""
    sent = wait_until(lambda: documents(person))
    urls = [f"{stack.page}/sandbox/file/{document['file_id']}" for document in sent]
    return [ZipFile(io.BytesIO(stack._http.get(url).content)) for url in urls]


def lines_in(archive: ZipFile, name: str = "photos.jsonl") -> list[Json]:
    return [json.loads(line) for line in archive.read(name).decode().splitlines()]


def a_chat_with_two_photos(person: Person) -> tuple[int, int]:
    """One with a question about it, one that was corrected."""
    questioned, corrected = person.send(picture("red")), person.send(picture("blue"))
    for photo in (questioned, corrected):
        person.answer_text(photo)
    person.answer_text(person.write("What colour?", reply_to=questioned), "asked of a red")
    person.answer_text(person.write("/edit our blue door", reply_to=corrected), "From now on")
    return questioned, corrected


def test_it_brings_pictures_captions_and_questions_in_the_lab_s_own_layout(
    stack: Stack, person: Person, tmp_path: Path
) -> None:
    questioned, corrected = a_chat_with_two_photos(person)
    command = person.write("/export")
    assert person.answer_text(command, "Here are 2 photos")
    [archive] = archives(stack, person)
    archive.extractall(tmp_path)
    captions = {example.id: example.captions for example in jsonl_captions(tmp_path)}
    assert captions == {
        str(questioned): ("a red picture of 64 by 48",),
        str(corrected): ("our blue door",),
    }
    [question] = jsonl_questions(tmp_path, "test")
    assert question.question == "What colour?" and question.image.is_file()
    assert {example.captions for example in sidecar_captions(tmp_path)} == set(captions.values())
    assert "photos.jsonl" in (tmp_path / "README.txt").read_text()


def test_it_tells_an_owner_s_words_from_a_model_s(stack: Stack, person: Person) -> None:
    questioned, corrected = a_chat_with_two_photos(person)
    person.answer_text(person.write("/export"), "Here are 2 photos")
    [archive] = archives(stack, person)
    captions = {line["id"]: line for line in lines_in(archive) if "caption" in line}
    assert captions[str(questioned)]["by"] == "model"
    assert captions[str(corrected)]["by"] == "owner"
    assert captions[str(corrected)]["model_caption"] == "a blue picture of 64 by 48"


def test_the_chat_goes_on_while_it_is_made(stack: Stack, person: Person) -> None:
    person.answer_text(person.send(picture("red")))
    stack.inject_fault(method="file", delay_s=3, times=1)
    command = person.write("/export")
    wait_until(lambda: person.replies(command))
    person.answer_text(person.write("/help"))
    assert not documents(person)
    person.answer_text(command, "Here is 1 photo")


def test_pictures_that_telegram_gives_no_more_are_counted(stack: Stack, person: Person) -> None:
    person.answer_text(person.send(picture("red")))
    person.answer_text(person.send(picture("blue")))
    stack.inject_fault(method="getFile", status=400, description="Bad Request: file is gone", times=1)
    assert "1 picture is missing" in person.answer_text(person.write("/export"), "Here are 2 photos")
    [archive] = archives(stack, person)
    assert len([name for name in archive.namelist() if name.endswith(".jpg")]) == 1
    assert len(lines_in(archive)) == 2


def test_with_no_photo_there_is_nothing_to_save(person: Person) -> None:
    assert "nothing to save" in person.answer_text(person.write("/export"))


def test_there_is_no_page_beyond_the_last(person: Person) -> None:
    person.answer_text(person.send(picture("red")))
    assert "only 1 part" in person.answer_text(person.write("/export 2"))


def test_in_a_group_an_admin_gets_it_in_private(stack: Stack) -> None:
    admin, other = stack.group(2)
    admin.write("hello")
    name = stack.call("GET", "state")["bot"]["username"]
    message = admin.send(picture("red"), caption=f"@{name}")
    admin.answer_text(message)
    assert other.answer_text(other.write("/export")).startswith("Only an administrator")
    assert "cannot write to you yet" in admin.answer_text(admin.write("/export"))
    alone = Person(stack, admin.who["user"])
    alone.answer_text(alone.write("/start"))
    assert "private chat" in admin.answer_text(admin.write("/export"))
    assert archives(stack, alone)
    assert not documents(admin)


async def fill(memory: Memory, chat: int, count: int) -> None:
    for n in range(1, count + 1):
        photo = Photo(id=str(n), file_id=f"none-{n}", created_ms=1000 * n, caption=f"number {n}")
        await memory.remember(chat, photo)


def order(person: Person, page: int = 1, message: int = 5) -> Entry:
    target = ReplyTarget(person.chat, SentMessage(message))
    order = ExportOrder(
        chat=person.chat, page=page, to=person.chat, correlation_data=target.correlation_data, language="en"
    )
    return Entry(EXPORTS, "1-0", {b"order": export.msgspec.json.encode(order)})


async def test_a_large_chat_comes_page_by_page(
    stack: Stack, person: Person, server: Redis, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MAX_PHOTOS", 5)
    memory = Memory(server)
    person.answer_text(person.write("/start"))
    await fill(memory, person.chat, 12)
    exports = Exporter(bot, server, memory, Outbox(bot, server, Memory(server)), TelegramFiles(bot))
    for page in (1, 2, 3):
        await exports.handle(order(person, page, message=page))
    first, second, third = archives(stack, person)
    assert [line["id"] for line in lines_in(first)] == ["1", "2", "3", "4", "5"]
    assert [line["id"] for line in lines_in(second, "photos-2.jsonl")] == ["6", "7", "8", "9", "10"]
    assert [line["id"] for line in lines_in(third, "photos-3.jsonl")] == ["11", "12"]
    texts = [message["text"] for message in person.messages() if "Here are" in message.get("text", "")]
    assert "7 newer photos are not in it. To get them: /export 2" in texts[0]
    assert "newer" not in texts[2]


async def test_what_is_too_large_for_one_file_comes_in_several_and_once(
    stack: Stack, person: Person, server: Redis, bot: Bot
) -> None:
    person.answer_text(person.send(picture("red")))
    person.answer_text(person.send(picture("blue")))
    exports = Exporter(
        bot, server, Memory(server), Outbox(bot, server, Memory(server)), TelegramFiles(bot), part_bytes=1
    )
    for _ in range(2):  # as after a crash
        await exports.handle(order(person))
    first_part, second_part = archives(stack, person)
    assert len(lines_in(first_part)) == len(lines_in(second_part, "photos-1.2.jsonl")) == 1
    [summary] = [message["text"] for message in person.messages() if "Here are" in message.get("text", "")]
    assert "2 files" in summary


@pytest.mark.promise("reliability#export-reports")
def test_what_is_said_of_an_export_is_said_however_often_it_fails(stack: Stack, person: Person) -> None:
    person.answer_text(person.send(picture("red")))
    person.inject_fault(method="editMessageText", status=502, times=2)  # how far it is, and that it is there
    person.answer_text(person.write("/export"), "Here is 1 photo")
    assert len(archives(stack, person)) == 1


def test_an_export_survives_its_bot(own_stack: Stack) -> None:
    own_stack.start_all()
    person = own_stack.person()
    person.answer_text(person.send(picture("red")))
    own_stack.inject_fault(method="file", delay_s=5, times=1)
    command = person.write("/export")
    wait_until(lambda: person.replies(command))
    wait_until(lambda: [fault for fault in own_stack.injected_faults() if fault["hits"]])
    own_stack.kill("bot")
    own_stack.start_bot()
    assert person.answer_text(command, "Here is 1 photo")
    assert len(archives(own_stack, person)) == 1
