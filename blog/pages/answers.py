"""Answers the journal's pages give again and again."""

from django.http import HttpResponseRedirect


class SeeOther(HttpResponseRedirect):
    """After a POST: look at another page with GET (303)."""

    status_code = 303
