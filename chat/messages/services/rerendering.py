"""Render messages again whose HTML is from an older renderer."""

from chat.messages import rendering
from chat.messages.models import Message

BATCH_SIZE = 500


def rerender_all_messages() -> int:
    """Render every message with the current renderer. Returns the number of messages checked. Safe to run at any time.

    Works in batches ordered by key. Messages whose HTML stays the same take one UPDATE per batch. Others take one each,
    if their text has not changed. Revisions stay, because the text is the same.
    """
    stale = Message.objects.filter(render_version__lt=rendering.VERSION).order_by("pk")
    done = after = 0
    while rows := list(stale.filter(pk__gt=after).values_list("pk", "body", "html")[:BATCH_SIZE]):
        same = {pk for pk, body, html in rows if rendering.render(body) == html}
        done += Message.objects.filter(pk__in=same).update(render_version=rendering.VERSION)
        done += sum(_rerender(pk, body) for pk, body, _html in rows if pk not in same)
        after = rows[-1][0]
    return done


def _rerender(pk: int, body: str) -> int:
    return Message.objects.filter(pk=pk, body=body).update(
        html=rendering.render(body), render_version=rendering.VERSION
    )
