"""A page of the admin for one verb: its form, its service, back to the row."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from core.errors import DomainError
from core.forms import add_error


def act(
    admin: ModelAdmin,
    request: HttpRequest,
    row: Any,
    *,
    title: str,
    permission: str,
    form: forms.Form,
    carry_out: Callable[[Any], str],
    back: str = "",
) -> HttpResponse:
    """Show the form, or carry its wish out and go back to the row. Raises PermissionDenied before either.

    Without a row, `back` says where one comes from and goes to.
    """
    if not request.user.has_perm(permission):
        raise PermissionDenied
    back = back or reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])  # noqa: SLF001
    if form.is_bound and form.is_valid():
        try:
            said = carry_out(form)
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            messages.success(request, said)
            return HttpResponseRedirect(back)
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "opts": admin.opts,
        "row": row,
        "back": back,
        "form": form,
    }
    return render(request, "admin/action_form.html", context, status=422 if form.errors else 200)
