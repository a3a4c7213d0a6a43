"""The schema of the API, generated once a process and kept as it is sent.

drf-spectacular's generator changes views and settings while it works, so two at once fail; and it takes seconds.
"""

from functools import cache
from threading import Lock
from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

_lock: Final = Lock()


class SchemaView(SpectacularAPIView):
    """The schema of the API as YAML or JSON, by `Accept` or `?format=`. It is the same for everybody."""

    def _get_schema_response(self, request: Request) -> HttpResponse:
        renderer = request.accepted_renderer
        with _lock:
            content = _rendered(renderer.media_type)
        headers = {"Content-Disposition": f'inline; filename="agora.{renderer.format}"'}
        return HttpResponse(content, content_type=f"{renderer.media_type}; charset=utf-8", headers=headers)


@cache
def _rendered(media_type: str) -> bytes:
    renderer = next(one for one in SchemaView.renderer_classes if one.media_type == media_type)
    content: Any = renderer().render(_schema(), renderer_context={})
    return bytes(content)


@cache
def _schema() -> Any:
    generator: Any = SchemaGenerator
    return generator().get_schema(public=True)
