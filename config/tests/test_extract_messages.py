"""`manage.py extract_messages`: translators get every marked text, spelled as Django looks it up."""

import pytest
from django.core.management import CommandError, call_command
from django.template import Context, Template
from django.template.base import Lexer
from django.utils import translation
from django.utils.translation import trans_null

from config.management.commands.extract_messages import Message, catalogue_of, messages_of, python_messages

TEMPLATES = [
    '{% load i18n %}{% translate "Add to cart" %}',
    '{% load i18n %}{% translate "Order" context "noun" %}',
    "{% load i18n %}{% blocktranslate %}Sold by {{ name }} at 5 % off{% endblocktranslate %}",
    "{% load i18n %}{% blocktranslate with who=name.upper trimmed %}\n  Written by\n  {{ who }}\n{% endblocktranslate %}",
    "{% load i18n %}{% blocktranslate count n=count %}{{ n }} piece{% plural %}{{ n }} pieces{% endblocktranslate %}",
    '{% load i18n %}{% blocktranslate context "verb" %}Order {{ name }}{% endblocktranslate %}',
]


class Recorder:
    """Stands for a catalogue and notes what is looked up."""

    def __init__(self):
        self.asked = []

    def __getattr__(self, name):
        return getattr(trans_null, name)

    def gettext(self, text):
        self.asked.append(Message(text))
        return text

    def ngettext(self, singular, plural, number):
        self.asked.append(Message(singular, plural))
        return plural

    def pgettext(self, context, text):
        self.asked.append(Message(text, context=context))
        return text


@pytest.mark.parametrize("source", TEMPLATES)
def test_a_template_asks_for_exactly_what_was_extracted(source, monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(translation, "_trans", recorder)

    Template(source).render(Context({"name": "Ada", "count": 3}))

    assert list(messages_of(Lexer(source).tokenize())) == recorder.asked


def test_python_messages_have_plural_and_context(tmp_path):
    (tmp_path / "shop" / "tests").mkdir(parents=True)
    (tmp_path / "shop" / "tests" / "test_a.py").write_text('_("Not for translators")\n')
    (tmp_path / "shop" / "a.py").write_text(
        '_("Stock")\nngettext_lazy("%(n)d day", "%(n)d days", "n")\npgettext("verb", "Order")\n_("two "\n  "lines")\n'
    )

    assert set(python_messages(tmp_path)) == {
        Message("Stock"),
        Message("%(n)d day", "%(n)d days"),
        Message("Order", context="verb"),
        Message("two lines"),
    }


def test_the_catalogue_is_sorted_by_text():
    written = catalogue_of({Message("b"), Message("a", "as"), Message("a", context="x")}).decode()

    assert [line for line in written.splitlines() if line.startswith("msgid ")] == [
        'msgid "a"',
        'msgid "a"',
        'msgid "b"',
    ]
    assert 'msgid_plural "as"' in written
    assert 'msgctxt "x"' in written


def test_an_outdated_file_is_named(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / "shop").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "shop" / "a.py").write_text('_("Stock")\n')

    with pytest.raises(CommandError, match="make messages"):
        call_command("extract_messages", check=True)
    call_command("extract_messages")
    call_command("extract_messages", check=True)
    (tmp_path / "shop" / "a.py").write_text('_("Stocks")\n')
    with pytest.raises(CommandError, match="make messages"):
        call_command("extract_messages", check=True)


def test_placeholders_that_cannot_be_reordered_are_refused(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / "shop").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "shop" / "a.py").write_text('_("%s of %s")\n')

    with pytest.raises(CommandError, match="name their placeholders"):
        call_command("extract_messages")
