"""The schema of the API, generated once a process and kept as it is sent.

drf-spectacular's generator changes views and settings while it works, so two at once fail; and it takes seconds.
"""

from functools import cache
from threading import Lock
from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_lock: Final = Lock()


class SchemaView(SpectacularAPIView):
    """The schema of the API as YAML or JSON, by `Accept` or `?format=`. It is the same for everybody."""

    def _get_schema_response(self, request: Request) -> HttpResponse:
        renderer = request.accepted_renderer
        with _lock:
            content = _rendered(self.generator_class, type(renderer))
        return HttpResponse(
            content,
            content_type=f"{renderer.media_type}; charset=utf-8",
            headers={"Content-Disposition": f'inline; filename="{self._get_filename(request, None)}"'},
        )


@cache
def _rendered(generator_class: type[Any], renderer_class: type[BaseRenderer]) -> bytes:
    content: bytes = renderer_class().render(_schema(generator_class), renderer_context={})
    return content


@cache
def _schema(generator_class: type[Any]) -> Any:
    return generator_class().get_schema(public=True)
