"""`{% draw "components/card_post.html" card=card date=… %}`: an include that sees only what it is given.

The same component with the same values is the same text, so for strangers it is drawn once and remembered: a list of
cards then costs what has changed on it. Signed-in people get theirs drawn each time, with all that the page knows
(their forms carry a token).
"""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any, cast

from django import template
from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

MAX_ENTRIES = 2000

_drawn: OrderedDict[Hashable, SafeString] = OrderedDict()
_lock = Lock()


@register.simple_tag(takes_context=True)
def draw(context: template.Context, name: str, **values: Any) -> SafeString:
    user = context.get("user")
    if user is not None and user.is_authenticated:
        with context.push(**values):
            return _component(context, name).render(context)
    key = (name, get_language(), *values.items())
    try:
        found = _remembered(key)
    except TypeError:  # a value that has no hash may change under us
        return _component(context, name).render(context.new(values))
    if found is None:
        found = _component(context, name).render(context.new(values))
        if not settings.DEBUG:  # templates are being written
            _remember(key, found)
    return found


def _component(context: template.Context, name: str) -> template.Template:
    return cast("template.Template", context.template).engine.get_template(name)


def _remembered(key: Hashable) -> SafeString | None:
    with _lock:
        found = _drawn.get(key)
        if found is not None:
            _drawn.move_to_end(key)
        return found


def _remember(key: Hashable, text: SafeString) -> None:
    with _lock:
        _drawn[key] = text
        if len(_drawn) > MAX_ENTRIES:
            _drawn.popitem(last=False)
