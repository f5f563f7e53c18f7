"""A TCP proxy that fails on request, between a process and Redis or Telegram.

    program ──► Proxy ──► upstream      a chunk is what one read brings: for Redis as a rule one command

It knows no protocol: a `Trap` waits for a chunk that fits a pattern, such as the name of a command or a key.
"""

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

CHUNK = 1 << 16
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing sends RST


@dataclass
class Trap:
    """Springs at a chunk of the client that matches `pattern`, after `spare` of them have passed.

    before   the chunk is dropped, as if the client had died just before it
    after    the chunk is forwarded, and the reply is dropped
    times    how often it springs
    """

    pattern: re.Pattern[bytes]
    when: Literal["before", "after"]
    act: Callable[[], Any] = lambda: None
    spare: int = 0
    times: int = 1
    sprung: asyncio.Event = field(default_factory=asyncio.Event)

    def catches(self, chunk: bytes) -> bool:
        if self.times <= 0 or not self.pattern.search(chunk):
            return False
        if self.spare > 0:
            self.spare -= 1
            return False
        self.times -= 1
        return True

    def spring(self) -> None:
        self.act()
        self.sprung.set()


class Proxy:
    """`upstream` is a URL: unix://PATH, or anything with a host and a port.

    latency_s   each chunk waits so long, either way
    is_dark     nothing is forwarded, and no connection is closed: a pulled cable
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None
        self.traps: list[Trap] = []
        self.latency_s = 0.0
        self.is_dark = False
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port of the loopback."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server:
            self._server.close()
        self.reset()

    def reset(self) -> None:
        """End all connections with RST."""
        for link in list(self._links):
            link.reset()

    def light(self) -> None:
        """End the outage; what was in flight is lost."""
        self.is_dark = False
        self.reset()

    def trap(
        self,
        pattern: bytes,
        when: Literal["before", "after"],
        act: Callable[[], Any] = lambda: None,
        **more: int,
    ) -> Trap:
        trap = Trap(re.compile(pattern, re.DOTALL), when, act, **more)
        self.traps.append(trap)
        return trap

    def catch(self, chunk: bytes) -> Trap | None:
        return next((trap for trap in self.traps if trap.catches(chunk)), None)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._upstream.scheme == "unix":
            return await asyncio.open_unix_connection(unquote(self._upstream.path))
        return await asyncio.open_connection(self._upstream.hostname, self._upstream.port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, reader, writer)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)


class _Link:
    """One connection through a proxy. `_due` is the trap that drops the next reply."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._reader, self._writer = reader, writer
        self._upstream: asyncio.StreamWriter | None = None
        self._due: Trap | None = None

    async def run(self) -> None:
        with contextlib.suppress(OSError):
            try:
                reader, self._upstream = await self._proxy.connect()
                await self._both(self._out(self._upstream), self._back(reader))
            finally:
                self.reset()

    def reset(self) -> None:
        sock: socket.socket | None = self._writer.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        for writer in (self._writer, self._upstream):
            if writer:
                writer.transport.abort()

    async def _both(self, *pumps: Awaitable[None]) -> None:
        """Run until either side ends, then end the other."""
        tasks = [asyncio.ensure_future(pump) for pump in pumps]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _out(self, upstream: asyncio.StreamWriter) -> None:
        while chunk := await self._reader.read(CHUNK):
            trap = self._proxy.catch(chunk)
            if trap and trap.when == "before":
                trap.spring()
                return
            if trap:
                self._due = trap
            await self._delay()
            upstream.write(chunk)
            await upstream.drain()

    async def _back(self, upstream: asyncio.StreamReader) -> None:
        while chunk := await upstream.read(CHUNK):
            if self._due:
                self._due.spring()
                return
            await self._delay()
            self._writer.write(chunk)
            await self._writer.drain()

    async def _delay(self) -> None:
        if self._proxy.latency_s:
            await asyncio.sleep(self._proxy.latency_s)
        while self._proxy.is_dark:  # noqa: ASYNC110 - `light` ends this connection
            await asyncio.sleep(0.05)
