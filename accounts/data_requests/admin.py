"""Account deletions in the admin: list them, and request one on behalf of a person."""

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
    """The account, and who requested the deletion."""

    email = EmailField(label=_("Email address"), help_text=_("The email address of the account to delete."))

    class Meta:
        model = Closing
        fields = ("reason",)
        help_texts = {"reason": _("Who requested it, how, and how you verified their identity.")}  # noqa: RUF012  Django's

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if not User.objects.filter(email=email).exists():
            raise forms.ValidationError(_("No account has this email address."), code="unknown")
        return email


@admin.register(Closing)
class AccountDeletionAdmin(ReadOnlyAdmin):
    """Staff cannot erase an account immediately: the person is notified and can cancel."""

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
        """Prefill from a person's page, by public id."""
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

    @admin.action(description=_("Cancel the deletion"), permissions=["keep"])
    def keep(self, request: HttpRequest, queryset: QuerySet[Closing]) -> None:
        by, kept = grant_of(request).actor, 0
        for user_id in queryset.values_list("user_id", flat=True):
            try:
                deletions.cancel_deletion(user_id=user_id, by=by)
                kept += 1
            except DomainError as refusal:
                self.message_user(request, refusal.detail, messages.ERROR)
        text = ngettext("%(count)d deletion cancelled.", "%(count)d deletions cancelled.", kept)
        self.message_user(request, text % {"count": kept}, messages.SUCCESS)
