"""Injected faults, for tests: `POST /sandbox/faults` with any of

    method        the Bot API method that fails, in any case; `file` for downloads, `*` for all (the default)
    chat          only calls for this chat
    times         how many calls are hit; 0 (the default) means all, until `DELETE /sandbox/faults`
    delay_s       wait before anything else
    status        answer this error instead of performing the call: 429, 502, 403 ...
    retry_after   seconds, with status 429
    description   the error's text; there is a default for each status
    parameters    goes into the answer, for example {"migrate_to_chat_id": -100123}
    cut           "before" the call is performed, or "after" it: the connection ends without a whole answer

The answer is the fault with its `id` and `hits`; `GET` lists all, also those used up.
"""

import itertools
from http import HTTPStatus
from typing import Literal

import msgspec

from bot.sandbox.args import ApiError, Json


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    method: str = "*"
    chat: int | None = None
    times: int = 0
    delay_s: float = 0
    status: int = 0
    retry_after: int = 0
    description: str = ""
    parameters: Json = {}
    cut: Literal["", "before", "after"] = ""
    id: int = 0
    hits: int = 0

    def matches(self, method: str, chat: int | None) -> bool:
        if self.times and self.hits >= self.times:
            return False
        if self.method != "*" and self.method.lower() != method.lower():
            return False
        return self.chat is None or self.chat == chat

    def error(self) -> ApiError | None:
        """The error that answers the call; None if the call is performed."""
        if not self.status:
            return None
        description = self.description or HTTPStatus(self.status).phrase
        parameters = dict(self.parameters)
        if self.retry_after:
            parameters["retry_after"] = self.retry_after
            description = self.description or f"Too Many Requests: retry after {self.retry_after}"
        return ApiError(self.status, description, parameters or None)


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, fault: Fault) -> Fault:
        fault.id = next(self._ids)
        self._faults.append(fault)
        return fault

    def all(self) -> list[Fault]:
        return self._faults

    def clear(self) -> None:
        self._faults.clear()

    def hit(self, method: str, chat: int | None) -> Fault | None:
        """The oldest fault that matches this call, with its hit counted."""
        fault = next((fault for fault in self._faults if fault.matches(method, chat)), None)
        if fault:
            fault.hits += 1
        return fault
