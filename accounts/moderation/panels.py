"""Open moderation cases on the start page of the staff area."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.moderation import queue
from accounts.moderation import registry as moderation
from core.composition import panels
from core.composition.panels import Panel
from core.context import Grant


@panels.register("admin.index")
def waiting(subject: None, viewer: Grant) -> Panel | None:
    """Show the number of open cases of each kind, with the permission. One query."""
    kinds = moderation.get_sources(viewer.actor)
    if not kinds:
        return None
    url = reverse("moderation:queue")
    rows = [(source.words, number, f"{url}?kind={source.kind}") for source, number in queue.count_by_source(kinds)]
    return Panel(_("Queue"), "moderation/panel.html", {"rows": rows}, 150)
