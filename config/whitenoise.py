"""Static files from the web process, under WSGI and under ASGI."""

from collections.abc import AsyncIterator
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest
from whitenoise.middleware import WhiteNoiseFileResponse, WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

BLOCK = 64 * 1024


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise hands out a blocking iterator, which Django under ASGI would read whole and warn about."""

    def serve(self, static_file: StaticFile, request: HttpRequest) -> WhiteNoiseFileResponse:
        response: Any = super().serve(static_file, request)
        file = getattr(response, "file_to_stream", None)
        if hasattr(request, "scope") and file is not None:
            response.streaming_content = _blocks(file)
        return response


async def _blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    read = sync_to_async(file.read, thread_sensitive=False)
    try:
        while block := await read(BLOCK):
            yield block
    finally:
        file.close()
