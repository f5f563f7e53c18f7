"""What the page, or a script, can read: chats, messages, events, files, calls. page.py lists the routes."""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from bot.sandbox.api import read_args
from bot.sandbox.args import Args, Json
from bot.sandbox.chat import FRIENDS, YOU, friends_of
from bot.sandbox.files import Kind
from bot.sandbox.methods.profile import commands_for
from bot.sandbox.people import Person
from bot.sandbox.samples import list_samples, sample_path
from bot.sandbox.sandbox import Sandbox

LONGEST_WAIT_S = 60
SHOWN: dict[Kind, str] = {"photo": "image/jpeg", "thumbnail": "image/jpeg", "sticker": "image/webp"}


def box_of(request: Request) -> Sandbox:
    """The sandbox that a request came to."""
    box: Sandbox = request.app.state.sandbox
    return box


def person_of(request: Request, args: Args) -> Person:
    """The person and the chat of a request. Raises ApiError 400."""
    return Person(
        box_of(request),
        chat=args.number("chat", YOU),
        user=args.number("user", 0),
        language=args.text("language"),
        name=args.text("name"),
        topic=args.text("topic"),
    )


async def state(request: Request) -> Response:
    box, args = box_of(request), await read_args(request)
    person = person_of(request, args)
    world, chat, language = box.world, person.chat, person.user["language_code"]
    return JSONResponse(
        {
            "you": person.user,
            "bot": {**world.state.bot, **_profile(box, language)},
            "chat": chat.info,
            "people": [world.person(user_id) for user_id in chat.members],
            "commands": commands_for(world.state, chat, person.user["id"], language),
            "about": box.about,
        }
    )


def _profile(box: Sandbox, language: str) -> Json:
    texts, code = box.world.state.profile, language.split("-")[0]
    fields = ("name", "description", "short_description")
    profile = {field: texts.get(f"{field} {code}") or texts.get(f"{field} ", "") for field in fields}
    return {field: value for field, value in profile.items() if value}


async def chats(request: Request) -> Response:
    """The chats of one person on the page: with the bot alone, and with friends."""
    user = (await read_args(request)).number("user", YOU)
    bot = box_of(request).world.state.bot
    names = ", ".join([*FRIENDS.values(), bot["first_name"]])
    private = {"id": user, "title": bot["first_name"], "about": "only you and the bot"}
    return JSONResponse([private, {"id": friends_of(user), "title": "Friends", "about": f"you, {names}"}])


async def messages(request: Request) -> Response:
    box, args = box_of(request), await read_args(request)
    version = box.feed.version
    if "since" in args:
        version = await box.feed.changed(args.number("since"), min(args.number("wait_s", 0), LONGEST_WAIT_S))
    chat, after = box.world.state.chats.get(args.number("chat", YOU)), args.number("after", 0)
    selected = (
        [message for message_id, message in chat.messages.items() if message_id > after] if chat else []
    )
    return JSONResponse(
        {"version": version, "messages": [box.world.for_page(message) for message in selected]}
    )


async def answer(request: Request) -> Response:
    """The bot's answer to a pressed button or an inline query; {} before it has answered."""
    box, args = box_of(request), await read_args(request)
    query, wait_s = args.text("query"), min(args.number("wait_s", 0), LONGEST_WAIT_S)
    deadline = asyncio.get_running_loop().time() + wait_s
    while query not in box.answers and (left_s := deadline - asyncio.get_running_loop().time()) > 0:
        await box.feed.changed(box.feed.version, left_s)
    return JSONResponse(box.answers.get(query, {}))


async def events(request: Request) -> Response:
    async def stream() -> AsyncIterator[str]:
        async for event in box_of(request).feed.listen():
            yield f"data: {json.dumps(event)}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def samples(request: Request) -> Response:
    return JSONResponse(list_samples(box_of(request).samples))


async def sample(request: Request) -> Response:
    return FileResponse(sample_path(box_of(request).samples, request.path_params["file"]))


async def file(request: Request) -> Response:
    """A file: pictures inline, anything else as a download only, because its content is untrusted."""
    files, file_id = box_of(request).files, request.path_params["file_id"]
    media_type = SHOWN.get(files.get(file_id).kind)
    inline = media_type and "name" not in request.query_params
    return FileResponse(
        files.on_disk(file_id),
        media_type=media_type or "application/octet-stream",
        filename=request.query_params.get("name"),
        content_disposition_type="inline" if inline else "attachment",
        headers={"Cache-Control": "private, max-age=31536000, immutable"},
    )


async def calls(request: Request) -> Response:
    args = await read_args(request)
    method, chat = args.text("method").lower(), args.number("chat", 0)
    selected: list[Json] = [
        entry
        for entry in box_of(request).calls
        if method in ("", entry["method"].lower()) and chat in (0, entry["chat"])
    ]
    return JSONResponse(selected)
