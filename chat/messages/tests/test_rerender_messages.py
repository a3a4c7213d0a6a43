"""Messages that an older renderer made are rendered again."""

from io import StringIO

import pytest
from django.core.management import call_command

from chat.messages import rendering
from chat.messages.models import Message
from chat.messages.services import changes, rerendering
from chat.tests.factories import say
from core.context import Actor

pytestmark = pytest.mark.django_db

LINKED = '<p><a href="https://a.example/x" rel="nofollow">https://a.example/x</a>，谢谢</p>'


def test_the_command_renders_older_messages_again_in_batches(room, ada, monkeypatch):
    monkeypatch.setattr(rerendering, "BATCH_SIZE", 2)
    sent = [say(room, ada, "https://a.example/x，谢谢") for _ in range(3)] + [say(room, ada, "No link.")]
    Message.objects.update(html="old", render_version=0)
    Message.objects.filter(pk=sent[3].pk).update(html="<p>No link.</p>")
    newest = say(room, ada, "New.")
    Message.objects.filter(pk=newest.pk).update(html="kept")
    said = StringIO()

    call_command("rerender_messages", stdout=said)

    assert said.getvalue() == "Messages rendered again: 4\n"
    rows = Message.objects.order_by("pk").values_list("html", "render_version", "rev")
    assert [html for html, _version, _rev in rows] == [LINKED] * 3 + ["<p>No link.</p>", "kept"]
    assert {version for _html, version, _rev in rows} == {rendering.VERSION}
    assert [rev for _html, _version, rev in rows] == [1, 2, 3, 4, 5]
    assert rerendering.rerender_all_messages() == 0


def test_a_message_edited_while_it_is_rendered_again_is_not_overwritten(room, ada, monkeypatch):
    message = say(room, ada, "Old.")
    Message.objects.update(html="old", render_version=0)
    render = rendering.render

    def render_slowly(body):
        Message.objects.update(body="New.", html="<p>New.</p>", render_version=rendering.VERSION)
        return render(body)

    monkeypatch.setattr(rendering, "render", render_slowly)

    assert rerendering.rerender_all_messages() == 0
    message.refresh_from_db()
    assert message.html == "<p>New.</p>"


def test_an_edited_message_carries_the_version_of_the_renderer(room, ada):
    message = say(room, ada)
    Message.objects.update(render_version=0)

    changes.edit_message(room_uid=room.uid, seq=message.seq, body="Hello again", by=Actor.person(ada))

    assert Message.objects.get().render_version == rendering.VERSION
