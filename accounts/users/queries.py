"""Queries of people."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress

from accounts.users.models import User
from core.validation.email_addresses import find_email


def get_verified_emails(user: User) -> frozenset[str]:
    """Return the verified addresses of a person, in lower case. One query."""
    proved = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return frozenset(email.lower() for email in proved)


def get_owner(email: str) -> User | None:
    """Return the owner of a verified address. One query."""
    proved = EmailAddress.objects.filter(email=find_email(email), verified=True)
    return User.objects.filter(pk__in=proved.values("user_id")).first()


def get_display_names(uids: Iterable[str]) -> dict[str, str]:
    """Return display names by public id; one query, none for no ids."""
    wanted = set(uids) - {""}
    people = User.objects.filter(uid__in=wanted) if wanted else ()
    return {person.public_id: person.display_name for person in people}
