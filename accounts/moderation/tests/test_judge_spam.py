"""What looks like spam and what does not: the rules by themselves, and what is known of who wrote before."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.moderation.models import Case, SpamWord, Trace
from accounts.moderation.services import spam
from accounts.moderation.services.spam import LooksLikeSpam
from accounts.moderation.spam import Outcome, SpamSignals, SubmissionContext, _compute_points, fingerprint, score
from accounts.tests.factories import EntitlementFactory, UserFactory
from core.context import Actor

WORDS = {"casino": 30, "viagra": 60, "seo services": 40, "crypto": 30}

HAM = {
    "a question": {"text": "What temperature do you fire the celadon to? Mine comes out grey at cone 9."},
    "one link": {"text": "There is a good chart of cones at https://example.org/cones, it helped me a lot."},
    "two links": {"text": "Compare https://example.org/a with https://example.org/b before you mix it."},
    "thanks, as many say it": {"text": "Thank you!", "twins": 0},
    "a word within a word": {"text": "My cryptocrystalline glaze crazes, and the casinos of Monte Carlo are no help."},
    "a new person": {"text": "I have just bought my first wheel. Where do I begin?", "is_new": True},
    "somebody who talks much": {"text": "And one more thing about ash.", "lately": 4},
    "a short shout": {"text": "WOW, LOVELY!"},
    "another script": {"text": "この釉薬はとても美しいですね。どこで土を買えますか。"},
    "somebody quick with a known text": {"text": "Lovely bowl.", "how": SubmissionContext(seconds=4.0)},
}
WAITS = {
    "three links": {"text": "See https://a.example https://b.example and www.c.example for more."},
    "the same as somebody said": {"text": "I really liked this article, keep up the good work everyone", "twins": 1},
    "the same ten times": {"text": "I really liked this article, keep up the good work everyone", "twins": 10},
    "a bad word of a new person": {"text": "My friend made a lot at this casino.", "is_new": True},
    "an offer": {"text": "We offer SEO services for small shops."},
    "many within the hour by a new person": {"text": "And another thing.", "lately": 5, "is_new": True},
    "filled in within a second, shouting": {
        "text": "CLICK HERE NOW FOR THE BEST PRICES ON EVERYTHING", "how": SubmissionContext(seconds=0.4),
    },
}  # fmt: skip
SPAM = {
    "the trap": {"text": "Nice post.", "how": SubmissionContext(trapped=True)},
    "links and words": {"text": "Best casino https://a.example https://b.example https://c.example crypto"},
    "a list of links by a new person": {"text": " ".join(f"https://{n}.example/buy" for n in range(9)), "is_new": True},
    "BBCode": {"text": "[url=http://x.example]viagra[/url] [url=http://y.example]viagra casino[/url]"},
    "a flood of a new person": {"text": "Hello there.", "lately": 40, "is_new": True},
    "a pasted advertisement": {"text": "Cheap viagra here https://a.example https://b.example", "twins": 3},
}


@pytest.mark.parametrize(
    ("outcome", "given"),
    [
        *(pytest.param(Outcome.FINE, given, id=name) for name, given in HAM.items()),
        *(pytest.param(Outcome.HELD, given, id=name) for name, given in WAITS.items()),
        *(pytest.param(Outcome.REFUSED, given, id=name) for name, given in SPAM.items()),
    ],
)
def test_each_text_is_what_it_is(outcome, given):
    verdict = score(SpamSignals(**{"words": WORDS, **given}))

    assert (verdict.outcome, verdict.score) == (outcome, verdict.score)
    assert bool(verdict.reasons) == bool(verdict.score)


def test_the_reasons_say_what_the_points_are_for():
    verdict = score(SpamSignals(text="Best casino https://a.example https://b.example", words=WORDS, is_new=True))

    assert (verdict.score, verdict.reasons) == (65, ("links", "words", "new_account"))


def test_points_end_at_a_hundred():
    everything = SpamSignals(
        text="CASINO VIAGRA CRYPTO " * 5 + "https://x.example " * 9, words=WORDS, lately=99, twins=9, is_new=True,
        how=SubmissionContext(trapped=True, seconds=0.1),
    )  # fmt: skip

    assert score(everything).score == 100


def test_every_reason_has_words_for_staff():
    given = set(_compute_points(SpamSignals(text="", words={})))

    assert given | {"reported", "waits"} == set(Case.Reason.values)
    assert Case(reasons=sorted(given)).why == [str(Case.Reason(code).label) for code in sorted(given)]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Great article, I learned a lot from it today!", "GREAT article — I learned a lot, from it: today", True),
        ("Great article, I learned 3 things from it today", "Great article, I learned 7 things from it today", True),
        ("Gréat articlé, I learned a lot from it today!", "Great article, I learned a lot from it today!", True),
        ("Great article, I learned a lot from it today!", "Great article, I learned little from it today!", False),
    ],
)
def test_the_same_words_have_the_same_fingerprint(one, other, same):
    assert (fingerprint(one) == fingerprint(other)) is same


@pytest.mark.parametrize("short", ["Thanks!", "", "!!!", "1234567890 1234567890 1234567890 1234567890"])
def test_short_texts_tell_nothing(short):
    assert fingerprint(short) == ""


LONG = "I really liked this article, keep up the good work everyone"
pytest_db = pytest.mark.django_db


@pytest.fixture
def writer():
    return Actor.person(UserFactory(created_at=timezone.now() - timedelta(days=30)))


@pytest_db
def test_what_was_said_before_is_known_by_its_digest_alone(writer):
    first = spam.check_text(text=LONG, by=writer)
    again = spam.check_text(text=LONG.upper(), by=Actor.person(UserFactory()))

    assert (first.reasons, again.reasons[0]) == ((), "duplicate")
    assert "liked" not in str(list(Trace.objects.values()))


@pytest_db
def test_who_writes_much_within_the_hour_is_noticed(writer):
    now = timezone.now()
    for _ in range(5):
        spam.check_text(text="Hm.", by=writer, now=now - timedelta(minutes=61))

    calm = spam.check_text(text="Hm.", by=writer, now=now)
    for _ in range(4):
        spam.check_text(text="Hm.", by=writer, now=now)

    assert calm.reasons == ()
    assert spam.check_text(text="Hm.", by=writer, now=now).reasons == ("rate",)


@pytest_db
def test_strangers_of_one_network_are_counted_together():
    here, there = SubmissionContext(network="203.0.113.7"), SubmissionContext(network="203.0.113.8")
    for _ in range(5):
        spam.check_text(text="Hm.", by=Actor.guest(), how=here)

    assert "rate" in spam.check_text(text="Hm.", by=Actor.guest(), how=here).reasons
    assert "rate" not in spam.check_text(text="Hm.", by=Actor.guest(), how=there).reasons


@pytest_db
def test_staff_change_the_words_and_they_hold_at_once(writer):
    before = spam.check_text(text="Try my kombucha.", by=writer)
    SpamWord.objects.create(text="kombucha", points=50)

    assert (before.score, spam.check_text(text="Try my Kombucha!", by=writer).reasons) == (0, ("words",))


@pytest_db
def test_what_is_refused_leaves_no_trace(writer):
    SpamWord.objects.create(text="casino", points=100)

    with pytest.raises(LooksLikeSpam):
        spam.check_text(text="casino", by=writer)

    assert not Trace.objects.exists()


@pytest_db
def test_staff_and_the_trusted_are_not_looked_at(writer, staff):
    SpamWord.objects.create(text="casino", points=100)

    assert spam.check_text(text="casino", by=Actor.person(staff)).score == 0
    assert spam.check_text(text="casino", by=writer, is_trusted=True).score == 0
    assert not Trace.objects.exists()


@pytest_db
def test_who_kept_a_purchase_is_a_buyer(writer):
    held = EntitlementFactory(user=writer.user)
    now = timezone.now()

    before = spam.is_buyer(writer, now)
    held.ended_at = now
    held.save()

    assert (before, spam.is_buyer(writer, now + timedelta(seconds=1)), spam.is_buyer(Actor.guest(), now)) == (
        True,
        False,
        False,
    )


@pytest_db
def test_looking_takes_three_statements_however_much_was_said(writer, django_assert_num_queries):
    for _ in range(4):
        spam.check_text(text="Hm.", by=writer)

    with django_assert_num_queries(3):
        spam.check_text(text=LONG, by=writer)


@pytest_db
def test_traces_are_forgotten(writer):
    now = timezone.now()
    spam.check_text(text="Old.", by=writer, now=now - timedelta(days=8))
    spam.check_text(text="New.", by=writer, now=now)

    spam.purge_expired(now=now)

    assert Trace.objects.count() == 1
