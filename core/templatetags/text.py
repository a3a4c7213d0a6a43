"""Filters for plain text: subjects of mails, lines of text parts."""

from django import template

register = template.Library()


@register.filter
def one_line(text: object) -> str:
    """The text without any of the characters that somewhere end a line."""
    return " ".join(str(text).split())
