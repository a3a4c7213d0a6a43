"""Sends confirmation emails, and keeps subscriptions in step with email addresses."""

from django.conf import settings
from django.urls import reverse

from accounts.subscriptions import topics
from accounts.subscriptions.models import Subscription
from accounts.subscriptions.services import notifications, subscriptions
from accounts.users.models import User
from core.context import Grant
from core.events import services as events
from core.events.models import Event
from core.mail import services as mail


@events.on("subscription.asked", outside=True)
def ask_whether_it_is_you(event: Event, key: str) -> None:
    """Send a confirmation link, and a link to prevent further requests."""
    row = Subscription.objects.filter(uid=event.subject_id, state=Subscription.State.PENDING).first()
    topic = topics.get_topic(row.topic) if row else None
    if row is None or topic is None:
        return
    stop = f"{settings.SITE_URL}{reverse('subscriptions:unsubscribe', args=[subscriptions.get_unsubscribe_token(row)])}"
    values = {
        "topic": topic,
        "about": topics.describe([row.topic], Grant.anonymous()).get(row.topic),
        "url": f"{settings.SITE_URL}{reverse('subscriptions:confirm', args=[subscriptions.get_confirm_token(row)])}",
        "stop_url": stop,
    }
    mail.send(
        "confirm_subscription",
        to=row.email,
        key=key,
        values=values,
        headers=notifications.get_unsubscribe_headers(stop),
    )


@events.on("user.verified_email", "user.changed_email")
def follow_address(event: Event) -> None:
    subscriptions.attach_subscriptions(user=User.objects.get(uid=event.subject_id))
