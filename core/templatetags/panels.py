"""`{% panels "slot" subject %}` draws what other apps add to this page."""

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from core.composition import panels as registry
from core.context import Grant

register = template.Library()


@register.simple_tag(takes_context=True)
def panels(context: template.Context, slot: str, subject: Any = None) -> SafeString:
    request = context.get("request")
    viewer = getattr(request, "grant", None) or Grant.anonymous()
    found = registry.collect(slot, subject, viewer)
    return format_html_join(
        "",
        "{}",
        (
            (
                render_to_string(
                    "components/panel.html",
                    {"panel": panel, "body": render_to_string(panel.template, dict(panel.context), request)},
                ),
            )
            for panel in found
        ),
    )
