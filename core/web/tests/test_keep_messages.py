"""A message waits for the next page; a request that neither writes nor reads one does not look for any."""

from django.contrib import messages
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.cache import SessionStore
from django.http import HttpResponse


def ask(rf, view, cookies=None):
    request = rf.get("/")
    request.session = SessionStore()
    request.COOKIES.update(cookies or {})
    return MessageMiddleware(view)(request)


def write(request):
    messages.success(request, "The kiln is cold.")
    return HttpResponse()


def read(request):
    return HttpResponse(", ".join(str(message) for message in messages.get_messages(request)))


def test_a_message_is_shown_by_the_next_page_and_then_gone(rf):
    written = ask(rf, write)
    cookies = {"messages": written.cookies["messages"].value}

    shown = ask(rf, read, cookies)

    assert shown.content == b"The kiln is cold."
    assert shown.cookies["messages"].value == ""


def test_a_page_between_that_shows_none_leaves_it(rf):
    cookies = {"messages": ask(rf, write).cookies["messages"].value}

    between = ask(rf, lambda request: HttpResponse(), cookies)

    assert "messages" not in between.cookies


def test_whoever_does_not_ask_costs_nothing(rf, monkeypatch):
    made = []
    monkeypatch.setattr(CookieStorage, "__init__", lambda self, request: made.append(request))

    ask(rf, lambda request: HttpResponse())

    assert made == []
