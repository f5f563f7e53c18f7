"""The queue of updates for the bot: kept until confirmed, read by one poller at a time.

As at Telegram: an offset confirms all updates below it; a second poller ends the first poller's request with
409; kinds of updates that the bot did not ask for are dropped.
"""

import asyncio

from bot.sandbox.args import ApiError, Json
from bot.sandbox.chat import State
from bot.sandbox.feed import Feed, Notifier

ONLY_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}
MAX_POLL_S = 50


class UpdateQueue:
    def __init__(self, state: State, feed: Feed) -> None:
        self._state = state
        self._feed = feed
        self._notifier = Notifier()
        self._poll = 0

    @property
    def pending(self) -> list[Json]:
        return self._state.pending

    def push(self, kind: str, payload: Json) -> None:
        """Queue an update, unless the bot does not want its kind."""
        allowed = self._state.allowed_updates
        if kind not in allowed if allowed else kind in ONLY_ON_REQUEST:
            return
        self._state.pending.append({"update_id": self._state.next_update, kind: payload})
        self._state.next_update += 1
        self._notifier.notify_all()

    async def poll(self, offset: int, limit: int, timeout_s: float) -> list[Json]:
        """Updates from `offset` on, as soon as there is one. Raises ApiError 409 if another poller comes."""
        if self._state.webhook:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._poll += 1
        poll = self._poll
        self._notifier.notify_all()
        self._forget_before(offset)
        deadline = asyncio.get_running_loop().time() + min(timeout_s, MAX_POLL_S)
        while not self.pending and (left_s := deadline - asyncio.get_running_loop().time()) > 0:
            await self._notifier.wait(left_s)
            self._check_still(poll)
        return self.pending[:limit]

    def _check_still(self, poll: int) -> None:
        if self._state.webhook:
            raise ApiError(409, "Conflict: terminated by setWebhook request")
        if poll != self._poll:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            )

    def _forget_before(self, offset: int) -> None:
        if offset < 0:  # keep the last -offset updates
            offset = self.pending[offset]["update_id"] if len(self.pending) >= -offset else 0
        for update in [update for update in self.pending if update["update_id"] < offset]:
            self.confirm(update)

    def confirm(self, update: Json) -> None:
        """Remove an update that the bot has. The page shows its message as read."""
        self.pending.remove(update)
        message = update.get("message", {})
        self._feed.publish(
            "read", chat=message.get("chat", {}).get("id"), message_id=message.get("message_id")
        )
        if stored := self._state.message(message):
            stored["_read"] = True

    def drop(self) -> None:
        """Drop all pending updates, as drop_pending_updates does."""
        self.pending.clear()

    def wake(self) -> None:
        """Wake waiting polls: the webhook was set or removed."""
        self._notifier.notify_all()

    async def wait_for_change(self, timeout_s: float) -> None:
        """Wait until an update arrives, the webhook changes, or the time is up."""
        await self._notifier.wait(timeout_s)
