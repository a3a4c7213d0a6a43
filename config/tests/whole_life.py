"""A user with data in every app."""

from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.api_keys import services as api_keys
from accounts.bans.models import Ban
from accounts.impersonation.models import Impersonation
from accounts.moderation.models import Case, KeptProfile, Report
from accounts.oauth.models import Client, Consent
from accounts.permissions.models import Entitlement
from accounts.sessions.models import ClientSession, Device
from accounts.subscriptions.models import Subscription
from accounts.tests.factories import UserFactory
from accounts.users import services as people
from accounts.users.models import User
from blog.posts.models import Revision
from blog.tests import factories as journal
from chat.messages.services import changes
from chat.tests import factories as talk
from core import testing
from core.api.models import IdempotencyKey
from core.context import Actor
from core.events.models import EventDelivery
from shop.addresses import services as address_book
from shop.cart import services as cart
from shop.order_management.services import fulfilment
from shop.orders.models import Order
from shop.payments.services import refunds
from shop.reviews import services as reviews
from shop.tests import factories as shop

FIRST, SECOND = "zebedee@quill.example", "zq@second.example"
HOME = {
    "name": "Zebedee Quillfeather", "street": "Featherstonehaugh Lane 9", "postcode": "10119", "city": "Berlin",
    "country": "DE", "phone": "+49 30 5550142",
}  # fmt: skip
TRACES = ("zebedee", "quillfeather", "quill.example", "second.example", "5550142", "featherstonehaugh")


@dataclass(frozen=True)
class Life:
    user: User
    order: Order  # paid
    as_guest: Order  # paid, before there was an account, with SECOND
    never_paid: Order


def live() -> Life:
    """A customer who also wrote a post, with everything that may hold a name, an address or words of theirs."""
    as_guest = shop.paid(email=SECOND, address=HOME)
    user = UserFactory(name=HOME["name"], email=FIRST, bio="I am Zebedee.", locale="en")
    me = Actor.person(user)
    people.change_profile(user_id=user.pk, by=me, avatar=journal.picture())
    _account(user, me)
    order, never_paid = _shop(user, me)
    _journal(user, me)
    _talk(user)
    testing.deliver_events()
    _in_passing(user)
    user.refresh_from_db()
    return Life(user, order, as_guest, never_paid)


def _account(user: User, me: Actor) -> None:
    second = EmailAddress.objects.create(user=user, email=SECOND, verified=True)
    EmailConfirmation.objects.create(email_address=second, key="k", sent=timezone.now())
    session = Session.objects.create(session_key="s" * 32, session_data="zebedee", expire_date=timezone.now())
    device = Device.objects.create(
        user=user, mark="m", session_key=session.pk, browser="Zebedee's Firefox", network="192.0.2.7"
    )
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "zebedee"})
    elsewhere = {"email": FIRST, "name": "Zebedee Quillfeather"}
    SocialAccount.objects.create(user=user, provider="github", uid="zebedee", extra_data=elsewhere)
    api_keys.add_key(user_id=user.pk, name="Zebedee's till", scopes=["shop:read"], by=me)
    client = Client.objects.create(
        user=user, name="Zebedee's app", client_type="public", authorization_grant_type="authorization-code",
        redirect_uris="https://quill.example/", algorithm="RS256", scopes=["openid"],
    )  # fmt: skip
    Consent.objects.create(user=user, client=client, scopes=["openid"])
    ClientSession.objects.create(device=device, client=client)
    Entitlement.objects.create(
        user=user, email=FIRST, kind="product", subject="mug", source_kind="order", source_id="A-1"
    )
    for email, owner in ((FIRST, user), (SECOND, None)):
        Subscription.objects.create(email=email, user=owner, topic="newsletter", source="test")
    Report.objects.create(kind="comment", subject_id="1", reporter=user, reason="abuse", words="It hurts Zebedee.")
    Ban.objects.create(user=user, scope=Ban.Scope.REPORT, reason="abuse", words="Zebedee reports everything.")
    KeptProfile.objects.create(user=user, bio="Zebedee sells watches.", avatar=journal.picture())
    Case.objects.create(kind="comment", subject_id="1", author=user, words="Zebedee again")
    staff = User.objects.create_superuser("olga@house.example", "clay-and-fire", name="Olga Owner")
    now = timezone.now()
    Impersonation.objects.create(
        by=staff, person=user, reason="Zebedee called", expires_at=now + timezone.timedelta(minutes=9)
    )
    LogEntry.objects.create(
        user=staff, content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk),
        object_repr="Zebedee Quillfeather", action_flag=CHANGE, change_message="",
    )  # fmt: skip


def _shop(user: User, me: Actor) -> tuple[Order, Order]:
    about: dict[str, Any] = {"user": user, "email": FIRST, "address": HOME}
    variant = shop.VariantFactory()
    order = shop.paid({variant: 2}, **about)
    Order.objects.filter(pk=order.pk).update(note="Ring at Quillfeather")
    fulfilment.fulfil_order(order_id=order.pk, by=shop.SYSTEM, tracking_code="ZEBEDEE-1")
    line = order.lines.get()
    asked = refunds.request_refund(
        order_id=order.pk, lines={str(line.uid): 1}, reason="Zebedee's broke", by=shop.SYSTEM
    )
    never_paid = shop.place(**about)
    reviews.write_review(product_id=variant.product_id, rating=4, title="Good", body="It holds tea.", by=me)
    address_book.add_address(address=HOME, by=me)
    opened, _token = cart.open_cart(by=me)
    cart.set_details(cart_id=opened.pk, email=FIRST, shipping_address=HOME, by=me)
    assert asked.reason
    return order, never_paid


def _journal(user: User, me: Actor) -> None:
    journal.comment(journal.published(), user, body="How long does it take?")
    post = journal.published(user, title="On slips", body="A slip is thin clay.")
    Revision.objects.create(
        post=post, number=99, kind=Revision.Kind.AUTOSAVE, author=user, title="Zebedee's", content_hash="0"
    )


def _talk(user: User) -> None:
    friend = UserFactory(name="Fran Friend")
    room = talk.private_room(user, friend)
    said = talk.say(room, user, "Zebedee here, call me: 5550142")
    changes.edit_message(room_uid=room.uid, seq=said.seq, body="Zebedee here", by=Actor.person(user))
    answer = talk.say(room, friend, "Welcome")
    changes.react(room_uid=room.uid, seq=answer.seq, emoji="👍", on=True, by=Actor.person(user))
    talk.conversation(user, title="Where does Quillfeather live?")


def _in_passing(user: User) -> None:
    """Answers that are kept for a day, and the error of a mail that could not be sent."""
    IdempotencyKey.objects.create(
        principal=f"user:{user.uid}", key="k", fingerprint="f", status=200, body={"to": FIRST}
    )
    delivery = EventDelivery.objects.filter(event__actor_id=user.public_id).first()
    assert delivery is not None
    EventDelivery.objects.filter(pk=delivery.pk).update(error=f"refused: {FIRST}")
