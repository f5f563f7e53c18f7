"""Whoever sends a request by drips is cut off: connections do not pile up when a test is stuck."""

import asyncio
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S: Final = 10.0  # how long a request's head may take to arrive
BODY_S: Final = 30.0  # and its body, of at most app.MAX_BYTES


class PromptProtocol(H11Protocol):
    """HTTP, but what has begun to arrive ends in time; a connection on which nothing comes ends as well.

    Between two requests a connection may rest: uvicorn's timeout_keep_alive bounds that.
    """

    _late: asyncio.TimerHandle | None = None
    _awaited: Any = None  # of what the rest is awaited, as a state of h11

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await(h11.IDLE)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        state = self.conn.their_state
        half_a_head = state is h11.IDLE and self.conn.trailing_data[0]
        self._await(state if half_a_head or state is h11.SEND_BODY else None)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._await(None)

    def _await(self, state: Any) -> None:
        if state is self._awaited:
            return  # more of the same: its time is not begun anew
        if self._late:
            self._late.cancel()
        self._awaited, self._late = state, None
        if state:
            seconds = BODY_S if state is h11.SEND_BODY else HEAD_S
            self._late = self.loop.call_later(seconds, self.transport.close)
