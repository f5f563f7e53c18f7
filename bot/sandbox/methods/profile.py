"""The bot's profile: getMe, its commands by scope and language, its name and descriptions."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from bot.sandbox.args import Args, Json, bad_request
from bot.sandbox.chat import Chat, State
from bot.sandbox.groups import is_admin
from bot.sandbox.sandbox import Sandbox

MAX_COMMANDS = 100
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SCOPES = {
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
    "chat",
    "chat_administrators",
    "chat_member",
}


async def get_me(box: Sandbox, args: Args) -> Json:
    return {
        **box.world.state.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": True,
    }


async def set_my_commands(box: Sandbox, args: Args) -> bool:
    commands = args.array("commands")
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(str(command.get("command", ""))):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 0 < len(str(command.get("description", ""))) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    box.world.state.commands[_key(args)] = commands
    box.feed.publish("commands")
    return True


async def get_my_commands(box: Sandbox, args: Args) -> list[Json]:
    return box.world.state.commands.get(_key(args), [])


async def delete_my_commands(box: Sandbox, args: Args) -> bool:
    box.world.state.commands.pop(_key(args), None)
    box.feed.publish("commands")
    return True


def _key(args: Args) -> str:
    scope = args.object("scope") or {"type": "default"}
    if scope.get("type") not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    return command_key(scope, args.text("language_code"))


def command_key(scope: Json, language: str) -> str:
    return json.dumps([scope, language], sort_keys=True)


def commands_for(state: State, chat: Chat, user_id: int, language: str) -> list[Json]:
    """The command menu: of the narrowest scope that has commands, in the person's language or the default."""
    code = language.split("-")[0].lower()
    keys = [command_key(scope, spoken) for scope in _scopes(chat, user_id) for spoken in (code, "")]
    return next((state.commands[key] for key in keys if state.commands.get(key)), [])


def _scopes(chat: Chat, user_id: int) -> list[Json]:
    """Narrowest first, in the order that the Bot API lays down."""
    here: Json = {"chat_id": chat.info["id"]}
    if chat.info["type"] == "private":
        return [{"type": "chat", **here}, {"type": "all_private_chats"}, {"type": "default"}]
    admin = is_admin(chat, user_id)
    return [
        {"type": "chat_member", **here, "user_id": user_id},
        *([{"type": "chat_administrators", **here}] if admin else []),
        {"type": "chat", **here},
        *([{"type": "all_chat_administrators"}] if admin else []),
        {"type": "all_group_chats"},
        {"type": "default"},
    ]


Method = Callable[[Sandbox, Args], Awaitable[Any]]


def setter(field: str) -> Method:
    """setMyName and the like: a text in a language."""

    async def set_text(box: Sandbox, args: Args) -> bool:
        box.world.state.profile[f"{field} {args.text('language_code')}"] = args.text(field)
        box.feed.publish("profile")
        return True

    return set_text


def getter(field: str) -> Method:
    """getMyName and the like."""

    async def get_text(box: Sandbox, args: Args) -> Json:
        return {field: box.world.state.profile.get(f"{field} {args.text('language_code')}", "")}

    return get_text
