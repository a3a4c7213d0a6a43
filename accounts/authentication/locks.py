"""Decorators that serialise requests."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from accounts.users.models import User

View = Callable[..., HttpResponseBase]


def serialize_session_posts(view: View) -> View:
    """Run POST requests of one session one after the other, so that a mailed code works once.

    Locks the session's row and reads it again; its changes are saved before the lock is released.
    """

    @wraps(view)
    def waiting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.session.session_key
        if request.method != "POST" or key is None:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            if not lock_session(key):
                return redirect("account_login")
            request.session = type(request.session)(key)
            response = view(request, *args, **kwargs)
            if request.session.modified:
                request.session.save()
            return response

    return waiting


def lock_session(session_key: str) -> bool:
    """Wait for the session's row; False when it is gone."""
    return Session.objects.select_for_update().filter(session_key=session_key).exists()


def serialize_user_posts(view: View) -> View:
    """Run POST requests of one person one after the other to keep one sign-in method. Locks the person."""

    @wraps(view)
    def waiting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" or not request.user.is_authenticated:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            lock_user(request.user.pk)
            return view(request, *args, **kwargs)

    return waiting


def lock_user(user_id: int) -> None:
    """Wait for the person's row. Raises User.DoesNotExist."""
    User.objects.select_for_update(of=("self",)).get(pk=user_id)
