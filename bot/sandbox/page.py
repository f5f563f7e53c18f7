"""The actions of the page, or of a script, as a person. JSON in and out; `chat` and `user` are optional.

    POST   /sandbox/send         text, or multipart with `file` (any number) and `caption`, `as_file`, `kind`
                                 (sticker, voice ...: media.KINDS), `via` (another inline bot's name);
                                 also `reply_to`; in JSON `content` is sent as it is. -> {"messages": [...]}
    POST   /sandbox/send_sample  {"file": name, "caption", "reply_to"} -> {"messages": [...]}
    POST   /sandbox/edit         {"message_id", "text"} -> the message
    POST   /sandbox/press        {"message_id", "data"} -> {"query": id}, then an event `answer`
    POST   /sandbox/inline       {"query": text, "offset"}  -> {"query": id}, then an event `inline`
    POST   /sandbox/choose       {"query": id, "result": id, "reply_to"}: post a result -> {"messages": [...]}
    POST   /sandbox/block        the person blocks the bot, or removes it from a group. /sandbox/unblock
                                 undoes it, and adds the bot to a group -> {"status"}
    POST   /sandbox/promote      {"chat", "user", "admin": true | false}; the bot too, by its id -> ChatMember
    POST   /sandbox/migrate      {"chat"}: the group becomes a supergroup -> {"chat": its new id}
    GET    /sandbox/state        you, the bot, the chat, its people and commands, the note about the model
    GET    /sandbox/chats        ?user -> [{"id", "title", "about"}], the chats that the page offers
    GET    /sandbox/messages     ?chat&after=MESSAGE_ID; with &since=VERSION&wait_s=S it waits for any change
                                 -> {"version", "messages": as the bot gets them, plus `_read`, `_reactions`}
    GET    /sandbox/answer       ?query=ID&wait_s=S -> the answer to a press or an inline query, {} if none
    GET    /sandbox/events       server-sent events, from now on: hello, message, edit, delete, typing, read,
                                 commands, profile, answer, inline, beat
    GET    /sandbox/samples      -> [{"file", "caption", "url"}];  /sandbox/sample/FILE  is the picture
    GET    /sandbox/file/FILE_ID the bytes; ?name=... downloads them under that name
    GET    /sandbox/calls        ?method&chat -> all but getUpdates: method, chat, at_ms, args, refused
    POST, GET, DELETE  /sandbox/faults   see faults.py

Everywhere: `chat`, a positive number, is a private chat with the person of that id; a negative one is a
group (a supergroup from -1000000000000 down) where `user`, anybody, writes. Without both it is the chat of
the page. `name` and `language` (Telegram's language_code) are the person's from then on; `topic` is the name
of the forum's topic, created if there is none. Refusals are {"ok": false, "description"}, status 400 or 403.
"""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox import groups, views
from bot.sandbox.api import read_args, refusal
from bot.sandbox.args import ApiError, Args, Upload, bad_request
from bot.sandbox.faults import Fault
from bot.sandbox.samples import sample_path
from bot.sandbox.views import box_of, person_of

Handler = Callable[[Request], Awaitable[Response]]


def routes() -> list[Route]:
    actions = (_send, _send_sample, _edit, _press, _inline, _choose, _block, _unblock, _promote, _migrate)
    readers = (
        views.state,
        views.chats,
        views.messages,
        views.answer,
        views.samples,
        views.calls,
    )
    return [
        *(
            Route(f"/sandbox/{action.__name__[1:]}", _with_refusals(action), methods=["POST"])
            for action in actions
        ),
        *(Route(f"/sandbox/{reader.__name__}", _with_refusals(reader)) for reader in readers),
        Route("/sandbox/events", views.events),
        Route("/sandbox/sample/{file}", _with_refusals(views.sample)),
        Route("/sandbox/file/{file_id}", _with_refusals(views.file)),
        Route("/sandbox/faults", _with_refusals(_faults), methods=["GET", "POST", "DELETE"]),
    ]


def _with_refusals(handler: Handler) -> Handler:
    """The handler, with its ApiErrors answered in the Bot API's form."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as error:
            return refusal(error)

    return handle


def _reply_to(args: Args) -> int | None:
    return args.number("reply_to") if args.text("reply_to") else None


async def _send(request: Request) -> Response:
    args = await read_args(request)
    person, reply_to = person_of(request, args), _reply_to(args)
    if files := args.uploads("file"):
        caption, kind, via = args.text("caption") or args.text("text"), args.text("kind"), args.text("via")
        as_file = args.flag("as_file")
        sent = await person.send_files(files, caption, as_file=as_file, kind=kind, via=via, reply_to=reply_to)
    elif content := args.object("content"):
        sent = person.send_raw(content, reply_to)
    else:
        sent = person.write(args.text("text"), reply_to)
    return JSONResponse({"messages": sent})


async def _send_sample(request: Request) -> Response:
    args = await read_args(request)
    path = sample_path(box_of(request).samples, args.text("file"))
    upload = Upload(path.name, path.read_bytes())
    sent = await person_of(request, args).send_files([upload], args.text("caption"), reply_to=_reply_to(args))
    return JSONResponse({"messages": sent})


async def _edit(request: Request) -> Response:
    args = await read_args(request)
    return JSONResponse(person_of(request, args).edit(args.number("message_id"), args.text("text")))


async def _press(request: Request) -> Response:
    args = await read_args(request)
    query = person_of(request, args).press(args.number("message_id"), args.text("data"))
    return JSONResponse({"query": query})


async def _inline(request: Request) -> Response:
    args = await read_args(request)
    query = person_of(request, args).ask_inline(args.text("query"), args.text("offset"))
    return JSONResponse({"query": query})


async def _choose(request: Request) -> Response:
    args = await read_args(request)
    sent = person_of(request, args).choose(args.text("query"), args.text("result"), _reply_to(args))
    return JSONResponse({"messages": sent})


async def _block(request: Request) -> Response:
    person = person_of(request, await read_args(request))
    groups.set_bot(box_of(request), person.chat, person.user, "kicked")
    return JSONResponse({"status": person.chat.bot})


async def _unblock(request: Request) -> Response:
    person = person_of(request, await read_args(request))
    groups.set_bot(box_of(request), person.chat, person.user, "member")
    return JSONResponse({"status": person.chat.bot})


async def _promote(request: Request) -> Response:
    args, box = await read_args(request), box_of(request)
    chat = box.world.chat(args.text("chat"))
    return JSONResponse(groups.promote(box, chat, args.number("user"), admin=args.flag("admin")))


async def _migrate(request: Request) -> Response:
    args, box = await read_args(request), box_of(request)
    chat = box.world.chat(args.text("chat"))
    new = groups.migrate(box, chat, box.world.person(chat.members[0]))
    return JSONResponse({"chat": new.info["id"]})


async def _faults(request: Request) -> Response:
    faults = box_of(request).faults
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
