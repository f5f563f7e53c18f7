"""One Bot API call from request to answer: arguments, faults, the method, the envelope, the record."""

import asyncio
import json
import time
from collections.abc import Mapping

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from bot.sandbox.args import ApiError, Args, Json, Upload, bad_request
from bot.sandbox.faults import Fault
from bot.sandbox.methods import chats, edits, messages, profile, queries, updates
from bot.sandbox.methods.profile import Method
from bot.sandbox.sandbox import Sandbox

MAX_FIELD_BYTES = 1024 * 1024

METHODS: Mapping[str, Method] = {
    name.lower(): method
    for name, method in {
        "getMe": profile.get_me,
        "setMyCommands": profile.set_my_commands,
        "getMyCommands": profile.get_my_commands,
        "deleteMyCommands": profile.delete_my_commands,
        "setMyName": profile.setter("name"),
        "getMyName": profile.getter("name"),
        "setMyDescription": profile.setter("description"),
        "getMyDescription": profile.getter("description"),
        "setMyShortDescription": profile.setter("short_description"),
        "getMyShortDescription": profile.getter("short_description"),
        "getUpdates": updates.get_updates,
        "setWebhook": updates.set_webhook,
        "deleteWebhook": updates.delete_webhook,
        "getWebhookInfo": updates.get_webhook_info,
        "sendMessage": messages.send_message,
        "sendPhoto": messages.send_photo,
        "sendDocument": messages.send_document,
        "sendSticker": messages.send_sticker,
        "sendMediaGroup": messages.send_media_group,
        "copyMessage": messages.copy_message,
        "sendChatAction": messages.send_chat_action,
        "editMessageText": edits.edit_message_text,
        "editMessageCaption": edits.edit_message_caption,
        "editMessageMedia": edits.edit_message_media,
        "editMessageReplyMarkup": edits.edit_message_reply_markup,
        "deleteMessage": edits.delete_message,
        "deleteMessages": edits.delete_messages,
        "setMessageReaction": edits.set_message_reaction,
        "answerCallbackQuery": queries.answer_callback_query,
        "answerInlineQuery": queries.answer_inline_query,
        "getFile": chats.get_file,
        "getChat": chats.get_chat,
        "getChatMember": chats.get_chat_member,
        "getChatAdministrators": chats.get_chat_administrators,
        "getChatMemberCount": chats.get_chat_member_count,
    }.items()
}


class CutResponse(Response):
    """Begins an answer and never ends it, so that the server closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})


async def call(request: Request) -> Response:
    """`/bot<TOKEN>/METHOD`, by GET or POST, with arguments in any form that the Bot API accepts."""
    box: Sandbox = request.app.state.sandbox
    name: str = request.path_params["method"]
    args, refused = Args({}, {}), ""
    try:
        args = await read_args(request)
        return await _perform(box, name, args)
    except ApiError as error:
        refused = error.description
        return refusal(error)
    finally:
        _record(box, name, args, refused)


async def _perform(box: Sandbox, name: str, args: Args) -> Response:
    fault = await _apply_fault(box, name, _chat_of(args))
    if fault and fault.cut == "before":
        return CutResponse()
    method = METHODS.get(name.lower())
    if method is None:
        raise ApiError(404, "Not Found: method not found")
    result = await method(box, args)
    return CutResponse() if fault and fault.cut == "after" else JSONResponse({"ok": True, "result": result})


def _record(box: Sandbox, name: str, args: Args, refused: str) -> None:
    if name.lower() == "getupdates":
        return  # too many
    at_ms = time.time_ns() // 1_000_000
    entry = {
        "method": name,
        "chat": _chat_of(args),
        "at_ms": at_ms,
        "args": args.logged(),
        "refused": refused,
    }
    box.calls.append(entry)


async def download(request: Request) -> Response:
    """`/file/bot<TOKEN>/PATH`, where PATH came from getFile."""
    box: Sandbox = request.app.state.sandbox
    try:
        fault = await _apply_fault(box, "file", None)
    except ApiError as error:
        return refusal(error)
    if fault and fault.cut:
        return CutResponse()
    path = box.files.at(request.path_params["path"])
    return FileResponse(path) if path else refusal(ApiError(404, "Not Found"))


async def _apply_fault(box: Sandbox, name: str, chat: int | None) -> Fault | None:
    """The fault that hits this call, after its delay. Raises the fault's error."""
    fault = box.faults.hit(name, chat)
    if fault:
        await asyncio.sleep(fault.delay_s)
        if error := fault.error():
            raise error
    return fault


def _chat_of(args: Args) -> int | None:
    try:
        return args.number("chat_id")
    except ApiError:
        return None


def refusal(error: ApiError) -> Response:
    body: Json = {"ok": False, "error_code": error.status, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return JSONResponse(body, error.status)


async def read_args(request: Request) -> Args:
    """Query, form, multipart or JSON. Raises ApiError 400 for any other body."""
    values: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        values |= _object(await request.body())
        return Args(values, {})
    uploads: dict[str, list[Upload]] = {}
    async with request.form(max_part_size=MAX_FIELD_BYTES) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                uploads.setdefault(name, []).append(Upload(value.filename or name, await value.read()))
            else:
                values[name] = value
    return Args(values, uploads)


def _object(body: bytes) -> Json:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        raise bad_request("can't parse request body as JSON") from None
    if not isinstance(value, dict):
        raise bad_request("can't parse request body: an object is expected")
    return value
