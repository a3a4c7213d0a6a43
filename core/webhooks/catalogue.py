"""The events there are, in words: what a webhook may ask for, and the list in docs/webhooks.md."""

import re
from fnmatch import fnmatchcase
from typing import Final

PATTERN: Final = re.compile(r"\*|[a-z_]+\.(?:\*|[a-z_]+)")

# What happens to webhooks themselves; the test event goes to the webhook that is tested, the others to none.
OWN: Final = "webhook.*"

NAMES: Final = {
    "api_key.added": "somebody made a key for a program",
    "api_key.revoked": "a program's key was taken back",
    "api_key.rotated": "a program's key was replaced",
    "comment.added": "somebody commented on a post",
    "comment.approved": "a comment is shown",
    "comment.deleted": "a comment was deleted",
    "comment.refused": "a comment was refused as spam",
    "conversation.assigned": "an agent has a conversation, or has it no longer",
    "conversation.closed": "a conversation with a customer is closed",
    "conversation.opened": "a customer began a conversation",
    "conversation.prioritised": "a conversation has another priority",
    "conversation.reopened": "a closed conversation goes on",
    "entitlement.ended": "what a purchase opened is closed again",
    "entitlement.granted": "a purchase opened something to somebody",
    "message.removed": "a message was removed",
    "message.reported": "somebody reported a message",
    "order.cancelled": "an order was cancelled before it was paid",
    "order.expired": "an order was not paid in time",
    "order.fulfilled": "a parcel left, with all of an order or a part",
    "order.link_requested": "a customer asked for the link to an order",
    "order.paid": "an order is paid",
    "order.placed": "an order was placed",
    "order.refund_failed": "the provider did not carry a refund out",
    "order.refund_requested": "a refund was asked for",
    "order.refunded": "money went back",
    "page.deleted": "a page of text was deleted",
    "page.saved": "a page of text was saved",
    "payment.cancelled": "an attempt to pay was cancelled",
    "payment.declined": "an attempt to pay was declined",
    "payment.returned": "money that came too late or twice goes back",
    "picture.added": "a picture was added",
    "post.archived": "a post is in the archive",
    "post.created": "a post was begun",
    "post.moved": "a post has another address",
    "post.published": "a post is published",
    "post.saved": "a post was saved",
    "post.schedule_failed": "a scheduled post could not be published",
    "post.scheduled": "a post will be published",
    "post.submitted": "a post waits for review",
    "post.unpublished": "a post is a draft again",
    "price.changed": "a piece has another price",
    "product.added": "a product was added",
    "product.changed": "a product was changed",
    "review.hidden": "a review is hidden",
    "review.published": "a review is shown",
    "role.assigned": "somebody has a role",
    "role.changed_factor_rule": "a role asks for a second factor, or does so no longer",
    "role.deleted": "a role was deleted",
    "role.removed": "somebody has a role no longer",
    "role.saved": "a role was made or changed",
    "room.archived": "a room is closed",
    "room.changed": "a room was changed",
    "room.created": "a room was opened",
    "room.reopened": "a closed room is open again",
    "stock.adjusted": "stock was counted and corrected",
    "stock.limited": "a piece may be sold ahead of stock up to another limit",
    "stock.received": "stock came in",
    "user.added": "staff added a person",
    "user.added_factor": "a person added a second factor",
    "user.changed_email": "a person has another address",
    "user.changed_password": "a person has another password",
    "user.changed_profile": "a person's name or words about themselves changed",
    "user.closed": "an account was closed",
    "user.ended_other_sessions": "a person signed out everywhere else",
    "user.ended_session": "a person signed out somewhere else",
    "user.factor_failed": "a second factor was not accepted",
    "user.lost_factors": "a person's second factors were removed for them",
    "user.made_recovery_codes": "a person has recovery codes",
    "user.opened": "a closed account is open again",
    "user.received_entitlements": "earlier purchases were joined to an account",
    "user.removed_factor": "a person gave up a second factor",
    "user.reset_password": "a person set a new password by mail",
    "user.sign_in_failed": "a sign-in failed",
    "user.signed_in": "a person signed in",
    "user.signed_in_on_new_device": "a person signed in where they had not before",
    "user.signed_out": "a person signed out",
    "user.signed_up": "a person signed up",
    "user.verified_email": "a person proved an address",
}


def names_matching(pattern: str) -> list[str]:
    """The events that a pattern names: one by its name, all of a kind by `order.*`, all by `*`."""
    if not PATTERN.fullmatch(pattern):
        return []
    return [name for name in NAMES if fnmatchcase(name, pattern)]
