"""The demo studio: a catalogue, a journal, people and a conversation to look at and to try things on."""

DEMO_PASSWORD = "clay-and-fire"  # noqa: S105  a demo's password is meant to be known
DEMO_LOGINS = (
    ("staff", "staff@example.com", DEMO_PASSWORD),
    ("customer", "customer@example.com", DEMO_PASSWORD),
    ("author", "author@example.com", DEMO_PASSWORD),
)
