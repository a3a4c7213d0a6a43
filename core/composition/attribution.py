"""Where a customer came from: a signed pair of kind and public id, carried by links and forms on a card.

A page that shows a card adds one. Only signed ones are accepted, so an author cannot credit sales to a post.
"""

from django.core import signing

SALT = "card.ref"
Source = tuple[str, str]


def sign(source: Source) -> str:
    """The ref of a source such as ("post", "on-glazes")."""
    return signing.dumps(list(source), salt=SALT)


def read(ref: str) -> Source | None:
    """The source a ref names, or None when it is missing or not ours."""
    try:
        kind, public_id = signing.loads(ref, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return str(kind), str(public_id)
