"""Closings of accounts for staff: which run, and entering one for somebody who asked by letter."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.authentication.recent_authentication import require
from accounts.data_requests.services import deletions
from accounts.users.models import Closing, User
from core.context import grant_of
from core.errors import DomainError
from core.ids import uuids
from core.staff.read_only_admin import ReadOnlyAdmin
from core.validation.email_addresses import EmailField


class AccountDeletionForm(forms.ModelForm):
    """Whose account, and who asked for it how."""

    email = EmailField(label=_("E-mail address"), help_text=_("Of the account that is to be closed."))

    class Meta:
        model = Closing
        fields = ("reason",)
        help_texts = {"reason": _("Who asked for it, how, and how you made sure who it is.")}  # noqa: RUF012  Django's

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if not User.objects.filter(email=email).exists():
            raise forms.ValidationError(_("Nobody here has this address."), code="unknown")
        return email


@admin.register(Closing)
class AccountDeletionAdmin(ReadOnlyAdmin):
    """Nobody is erased at once, by staff neither: the person is told, and may take it back."""

    list_display = ("user", "state", "asked_by", "asked_at", "due_at", "ended_at")
    list_filter = ("state",)
    list_select_related = ("user", "asked_by")
    search_fields = ("=user__email", "=uid")
    show_full_result_count = False
    actions = ("keep",)
    fields = ("user", "state", "asked_by", "reason", "asked_at", "due_at", "reminded_at", "ended_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.erase_user")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields if obj else ("email", "reason")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs if obj else {**kwargs, "form": AccountDeletionForm}))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Led here from a person's page: by public id, as addresses hold nothing personal."""
        person = User.objects.filter(uid__in=uuids([request.GET.get("person", "")])).first()
        return {"email": person.email} if person else {}

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require(request)
        return super().add_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Closing, form: Any, change: bool) -> None:
        person = User.objects.get(email=form.cleaned_data["email"])
        by, reason = grant_of(request).actor, form.cleaned_data["reason"]
        made = deletions.request_deletion(user_id=person.pk, by=by, reason=reason)
        obj.pk, obj.uid, obj.user = made.pk, made.uid, person

    def has_keep_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    @admin.action(description=_("Keep the account after all"), permissions=["keep"])
    def keep(self, request: HttpRequest, queryset: QuerySet[Closing]) -> None:
        by, kept = grant_of(request).actor, 0
        for user_id in queryset.values_list("user_id", flat=True):
            try:
                deletions.cancel_deletion(user_id=user_id, by=by)
                kept += 1
            except DomainError as refusal:
                self.message_user(request, refusal.detail, messages.ERROR)
        text = ngettext("%(count)d account stays.", "%(count)d accounts stay.", kept)
        self.message_user(request, text % {"count": kept}, messages.SUCCESS)
