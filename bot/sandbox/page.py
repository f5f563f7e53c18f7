"""What the page, or a script, may do as a person. JSON in and out; `chat` and `user` may always be left out.

    POST   /sandbox/send         text, or multipart with `file` (any number) and `caption`, `as_file`;
                                 also `reply_to`, `language`, `name`; in JSON `content` is sent as it is.
                                 -> {"messages": [...]}
    POST   /sandbox/send_sample  {"file": name, "caption", "reply_to"} -> {"messages": [...]}
    POST   /sandbox/edit         {"message_id", "text"} -> the message
    POST   /sandbox/press        {"message_id", "data"} -> {"query": id}, then an event `answer`
    POST   /sandbox/inline       {"query": words, "offset"}  -> {"query": id}, then an event `inline`
    GET    /sandbox/state        you, the bot, the chat, its commands, what is to know about the model
    GET    /sandbox/messages     ?chat&after=MESSAGE_ID; with &since=VERSION&wait_s=S it waits for any change
                                 -> {"version", "messages": as the bot gets them, plus `_read`, `_reactions`}
    GET    /sandbox/events       server-sent events, from now on: hello, message, edit, delete, typing, read,
                                 commands, profile, answer, inline, beat
    GET    /sandbox/samples      -> [{"file", "caption", "url"}];  /sandbox/sample/FILE  is the picture
    GET    /sandbox/file/FILE_ID the bytes; ?name=... downloads them under that name
    GET    /sandbox/calls        ?method&chat -> all but getUpdates: method, chat, at_ms, args, refused
    POST, GET, DELETE  /sandbox/faults   see faults.py

`chat`: a positive number is a private chat with the person of that id, a negative one is a group where
`user` writes. Without both it is the chat of the page. Refusals are {"ok": false, "description"}, status 400.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.sandbox.api import read_args, refusal
from bot.sandbox.args import ApiError, Args, Json, Upload, bad_request
from bot.sandbox.chat import YOU
from bot.sandbox.faults import Fault
from bot.sandbox.methods.profile import commands_for
from bot.sandbox.people import Person
from bot.sandbox.samples import list_samples, sample_path
from bot.sandbox.sandbox import Sandbox

LONGEST_WAIT_S = 60

Handler = Callable[[Request], Awaitable[Response]]


def routes() -> list[Route]:
    return [
        Route("/sandbox/send", _told(_send), methods=["POST"]),
        Route("/sandbox/send_sample", _told(_send_sample), methods=["POST"]),
        Route("/sandbox/edit", _told(_edit), methods=["POST"]),
        Route("/sandbox/press", _told(_press), methods=["POST"]),
        Route("/sandbox/inline", _told(_inline), methods=["POST"]),
        Route("/sandbox/state", _told(_state)),
        Route("/sandbox/messages", _told(_messages)),
        Route("/sandbox/events", _events),
        Route("/sandbox/samples", _told(_samples)),
        Route("/sandbox/sample/{file}", _told(_sample)),
        Route("/sandbox/file/{file_id}", _told(_file)),
        Route("/sandbox/calls", _told(_calls)),
        Route("/sandbox/faults", _told(_faults), methods=["GET", "POST", "DELETE"]),
    ]


def _told(handler: Handler) -> Handler:
    """The handler, its refusals answered as the Bot API's are."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as error:
            return refusal(error)

    return answered


def _box(request: Request) -> Sandbox:
    box: Sandbox = request.app.state.sandbox
    return box


def _person(request: Request, args: Args) -> Person:
    return Person(
        _box(request),
        chat=args.number("chat", YOU),
        user=args.number("user", 0),
        language=args.text("language"),
        name=args.text("name"),
    )


def _reply_to(args: Args) -> int | None:
    return args.number("reply_to") if args.text("reply_to") else None


async def _send(request: Request) -> Response:
    args = await read_args(request)
    person = _person(request, args)
    if files := args.uploads("file"):
        words = args.text("caption") or args.text("text")
        sent = await person.show(files, words, as_file=args.flag("as_file"), reply_to=_reply_to(args))
    elif content := args.object("content"):
        sent = person.send_raw(content, _reply_to(args))
    else:
        sent = person.write(args.text("text"), _reply_to(args))
    return JSONResponse({"messages": sent})


async def _send_sample(request: Request) -> Response:
    args = await read_args(request)
    path = sample_path(_box(request).samples, args.text("file"))
    upload = Upload(path.name, path.read_bytes())
    sent = await _person(request, args).show([upload], args.text("caption"), reply_to=_reply_to(args))
    return JSONResponse({"messages": sent})


async def _edit(request: Request) -> Response:
    args = await read_args(request)
    return JSONResponse(_person(request, args).edit(args.number("message_id"), args.text("text")))


async def _press(request: Request) -> Response:
    args = await read_args(request)
    return JSONResponse({"query": _person(request, args).press(args.number("message_id"), args.text("data"))})


async def _inline(request: Request) -> Response:
    args = await read_args(request)
    return JSONResponse({"query": _person(request, args).ask_inline(args.text("query"), args.text("offset"))})


async def _state(request: Request) -> Response:
    box, args = _box(request), await read_args(request)
    person = _person(request, args)
    language = person.user["language_code"]
    profile = {
        field: box.world.state.profile.get(f"{field} {language}")
        or box.world.state.profile.get(f"{field} ", "")
        for field in ("name", "description", "short_description")
    }
    return JSONResponse(
        {
            "you": person.user,
            "bot": {**box.world.state.bot, **{field: words for field, words in profile.items() if words}},
            "chat": person.chat.info,
            "commands": commands_for(box.world.state, person.chat, language),
            "about": box.about,
        }
    )


async def _messages(request: Request) -> Response:
    box, args = _box(request), await read_args(request)
    version = box.feed.version
    if "since" in args:
        version = await box.feed.changed(args.number("since"), min(args.number("wait_s", 0), LONGEST_WAIT_S))
    chat, after = box.world.state.chats.get(args.number("chat", YOU)), args.number("after", 0)
    found = [message for message_id, message in chat.messages.items() if message_id > after] if chat else []
    return JSONResponse({"version": version, "messages": [box.world.shown(message) for message in found]})


async def _events(request: Request) -> Response:
    async def stream() -> AsyncIterator[str]:
        async for event in _box(request).feed.listen():
            yield f"data: {json.dumps(event)}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _samples(request: Request) -> Response:
    return JSONResponse(list_samples(_box(request).samples))


async def _sample(request: Request) -> Response:
    return FileResponse(sample_path(_box(request).samples, request.path_params["file"]))


async def _file(request: Request) -> Response:
    """A photo is shown; anything else is only ever downloaded, as its sender chose what is in it."""
    files, file_id = _box(request).files, request.path_params["file_id"]
    shown = files.get(file_id).kind != "document"
    return FileResponse(
        files.on_disk(file_id),
        media_type="image/jpeg" if shown else "application/octet-stream",
        filename=request.query_params.get("name"),
        content_disposition_type="inline" if shown and "name" not in request.query_params else "attachment",
        headers={"Cache-Control": "private, max-age=31536000, immutable"},
    )


async def _calls(request: Request) -> Response:
    args = await read_args(request)
    method, chat = args.text("method").lower(), args.number("chat", 0)
    found: list[Json] = [
        entry
        for entry in _box(request).calls
        if method in ("", entry["method"].lower()) and chat in (0, entry["chat"])
    ]
    return JSONResponse(found)


async def _faults(request: Request) -> Response:
    faults = _box(request).faults
    match request.method:
        case "POST":
            try:
                fault = msgspec.json.decode(await request.body(), type=Fault)
            except msgspec.DecodeError as error:
                raise bad_request(str(error)) from None
            return JSONResponse(msgspec.to_builtins(faults.add(fault)))
        case "DELETE":
            faults.clear()
    return JSONResponse(msgspec.to_builtins(faults.all()))
