"""Where payment providers bring their news: programs without cookies, known by their signature alone."""

from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import rate_limits
from core.api.problems import problem_response
from core.errors import DomainError
from shop.providers import UnknownProvider
from shop.services import inbox

MOST_BYTES: Final = 256 * 1024
# Of one network. A provider that is told to wait comes again; without Redis nobody is.
RATE: Final = "1200/minute"


@csrf_exempt
@never_cache
@require_POST
def receive(request: HttpRequest, provider: str) -> HttpResponse:
    """Keep a message and say 200; a worker finds out what it means.

    A wrong signature is a 400, a provider we do not know a 404, more than MOST_BYTES a 413, too many a 429: all of
    these keep nothing. The same message again is a 200 and changes nothing.
    """
    try:
        rate_limits.require(RATE, "provider-webhook", rate_limits.client_key(request))
        body = request.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "message_too_large", "The message is too large.")
        inbox.receive(provider=provider, body=body, headers=request.headers)
    except UnknownProvider:
        return _refused(HTTPStatus.NOT_FOUND, "not_found", "There is nothing here.")
    except DomainError as refusal:
        return _refused(refusal.status, refusal.code, refusal.detail, refusal.details.get("retry_after"))
    return HttpResponse(content_type="text/plain")


receive.reads_body_itself = True  # type: ignore[attr-defined]  # signed as it was sent, to the byte


def _refused(status: int, code: str, detail: str, retry_after: object = None) -> HttpResponse:
    response = problem_response(int(status), code, detail)
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response
