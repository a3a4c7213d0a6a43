"""What a socket is still to be told. A reader too slow for it is let go, and resumes when it comes back."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

log = structlog.get_logger(__name__)

MAX_FRAMES = 256
MAX_BYTES = 512 * 1024
WRITE_TIMEOUT_SECONDS = 15.0
CLOSE_TOO_SLOW = 4008

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Outbox:
    """A bounded queue and the task that empties it into the socket."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: deque[str] = deque()
        self._size = 0
        self._closing: int | None = None
        self._wake = asyncio.Event()
        self._has_space = asyncio.Event()
        self._has_space.set()
        self._writer = asyncio.get_running_loop().create_task(self._write())

    def put(self, text: str) -> None:
        """Queue a frame; never waits. When there is too much, all of it is dropped and the socket closed."""
        if self._closing is not None:
            return
        self._queue(text)
        if self._is_full():
            self._waiting.clear()
            self.close(CLOSE_TOO_SLOW)

    async def put_when_ready(self, text: str) -> None:
        """Queue a frame of any size once the reader has taken what was there; for what the reader asked for."""
        await self._has_space.wait()
        if self._closing is None:
            self._queue(text)

    def close(self, code: int) -> None:
        """Close the socket after what is queued."""
        if self._closing is None:
            self._closing = code
            self._has_space.set()
            self._wake.set()

    async def stop(self) -> None:
        """The socket is gone."""
        self.close(1000)
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)

    def _queue(self, text: str) -> None:
        self._waiting.append(text)
        self._size += len(text)
        if self._is_full():
            self._has_space.clear()
        self._wake.set()

    def _is_full(self) -> bool:
        return len(self._waiting) > MAX_FRAMES or self._size > MAX_BYTES

    async def _write(self) -> None:
        while True:
            while self._waiting:
                text = self._waiting.popleft()
                await self._send_frame(text)
                self._size = max(0, self._size - len(text))
                if not self._is_full():
                    self._has_space.set()
            if self._closing is not None:
                await self._send({"type": "websocket.close", "code": self._closing})
                return
            self._wake.clear()
            await self._wake.wait()

    async def _send_frame(self, text: str) -> None:
        """Send one frame. A frame that cannot be sent is left out; those behind it follow."""
        try:
            await asyncio.wait_for(self._send({"type": "websocket.send", "text": text}), WRITE_TIMEOUT_SECONDS)
        except TimeoutError:
            self._waiting.clear()
            self.close(CLOSE_TOO_SLOW)
        except UnicodeError:
            log.exception("socket_frame_not_sent", size=len(text))
