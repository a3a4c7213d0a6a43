"""Filters for plain text: subjects of mails, lines of text parts."""

from django import template

from core.validation.text import one_line

register = template.Library()
register.filter("one_line", one_line)
