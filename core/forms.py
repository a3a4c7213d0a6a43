"""What pages do with a refusal: put it beside the field it is about, keep what was typed."""

from django.forms import BaseForm

from core.errors import DomainError


def add_error(form: BaseForm, refusal: DomainError) -> None:
    """Show a service's refusal on the form, at its field when the form has that field."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.detail)
