"""Panels of the journal on other pages."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.users.models import User
from blog.comments import queries as comment_queries
from core.composition import panels
from core.composition.panels import Panel
from core.context import Grant


@panels.register("account.overview")
def my_comments(person: User, viewer: Grant) -> Panel | None:
    """A person's latest comments; no panel without any."""
    comments = comment_queries.get_latest_comments(person)
    return Panel(_("Your comments"), "blog/panels/comments.html", {"comments": comments}, 300) if comments else None


@panels.register("admin.index")
def pending_work(subject: None, viewer: Grant) -> Panel | None:
    """Posts and comments that wait for a viewer who can publish or moderate."""
    may_publish, can_moderate = viewer.actor.can("blog.publish_post"), viewer.actor.can("blog.moderate_comment")
    if not (may_publish or can_moderate):
        return None
    work = comment_queries.count_pending_work()
    posts, comments = reverse("admin:blog_post_changelist"), reverse("admin:blog_comment_changelist")
    rows = [
        (_("Overdue"), work["due"], f"{posts}?status__exact=scheduled", may_publish and work["due"]),
        (_("Scheduled"), work["scheduled"], f"{posts}?status__exact=scheduled", may_publish),
        (_("In review"), work["in_review"], f"{posts}?status__exact=in_review", may_publish),
        (_("Comments to moderate"), work["comments"], f"{comments}?status__exact=pending", can_moderate),
    ]
    shown = [(label, number, url) for label, number, url, wanted in rows if wanted]
    return Panel(_("Journal"), "blog/panels/work.html", {"rows": shown}, 200)
