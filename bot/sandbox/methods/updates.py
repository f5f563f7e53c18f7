"""How the bot gets its updates: getUpdates, setWebhook, deleteWebhook, getWebhookInfo."""

import re
from urllib.parse import urlsplit

from bot.sandbox.args import Args, Json, bad_request
from bot.sandbox.chat import Webhook
from bot.sandbox.sandbox import Sandbox

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


async def get_updates(box: Sandbox, args: Args) -> list[Json]:
    _remember_kinds(box, args)
    limit = max(1, min(100, args.number("limit", 100)))
    return await box.updates.poll(args.number("offset", 0), limit, args.number("timeout", 0))


async def set_webhook(box: Sandbox, args: Args) -> bool:
    """An empty URL removes it. Only this machine is reached; unlike Telegram, plain http is fine."""
    if not args.text("url"):
        return await delete_webhook(box, args)
    url = urlsplit(args.text("url"))
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise bad_request("bad webhook: an HTTPS URL must be provided for webhook")
    if url.hostname not in LOOPBACK:
        raise bad_request("bad webhook: this stand-in for Telegram reaches only this machine")
    secret = args.text("secret_token")
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    _remember_kinds(box, args)
    if args.flag("drop_pending_updates"):
        box.updates.drop()
    box.world.state.webhook = Webhook(
        url=args.text("url"),
        secret=secret,
        max_connections=max(1, min(100, args.number("max_connections", 40))),
    )
    box.updates.wake()
    return True


async def delete_webhook(box: Sandbox, args: Args) -> bool:
    if args.flag("drop_pending_updates"):
        box.updates.drop()
    box.world.state.webhook = None
    box.updates.wake()
    return True


async def get_webhook_info(box: Sandbox, args: Args) -> Json:
    hook = box.world.state.webhook or Webhook(url="")
    info: Json = {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(box.updates.pending),
    }
    if hook.url:
        info["max_connections"] = hook.max_connections
    if hook.last_error_date:
        info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
    if box.world.state.allowed_updates:
        info["allowed_updates"] = box.world.state.allowed_updates
    return info


def _remember_kinds(box: Sandbox, args: Args) -> None:
    # Left out, the last choice stays; an empty list asks for the usual kinds.
    if "allowed_updates" in args:
        box.world.state.allowed_updates = [str(kind) for kind in args.array("allowed_updates")]
