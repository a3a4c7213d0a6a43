"""Send queue of a socket. A reader that is too slow is disconnected and resumes later."""

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
        """Queue a frame. Never waits. When the queue is full, all frames are dropped and the socket is closed."""
        if self._closing is not None:
            return
        self._queue(text)
        if self._is_full():
            self._waiting.clear()
            self.close(CLOSE_TOO_SLOW)

    async def put_when_ready(self, text: str) -> None:
        """Wait until the queue has space, then queue a frame of any size. For responses to requests."""
        await self._has_space.wait()
        if self._closing is None:
            self._queue(text)

    def close(self, code: int) -> None:
        """Close the socket after the queued frames."""
        if self._closing is None:
            self._closing = code
            self._has_space.set()
            self._wake.set()

    async def stop(self) -> None:
        """Stop after the socket has disconnected."""
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
        """Send a frame. A frame that cannot be encoded is skipped."""
        try:
            await asyncio.wait_for(self._send({"type": "websocket.send", "text": text}), WRITE_TIMEOUT_SECONDS)
        except TimeoutError:
            self._waiting.clear()
            self.close(CLOSE_TOO_SLOW)
        except UnicodeError:
            log.exception("socket_frame_not_sent", size=len(text))
