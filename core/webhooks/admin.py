"""Webhooks for staff: addresses, their secrets, what was sent and what came back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import constraints
from core.context import grant_of
from core.errors import DomainError
from core.staff.edit_admin import EditAdmin
from core.staff.read_only_admin import ReadOnlyAdmin
from core.webhooks import guard, signing
from core.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from core.webhooks.services import deliveries, endpoints

Carry = Callable[[], str]

constraints.register(
    {
        "webhook_wants_something": ("events", _("Choose at least one event.")),
        "webhook_former_secret": ("url", _("A former secret needs the time until which it counts.")),
        "webhook_disabled": ("url", _("A webhook that is switched off needs the reason and the time.")),
    }
)


class WebhookForm(forms.ModelForm):
    """An address and the events it wants. What is saved goes through the service."""

    events = forms.CharField(
        label=gettext_lazy("Events"),
        widget=forms.Textarea(attrs={"rows": 6}),
        initial="*",
        help_text=gettext_lazy("One a line: order.paid for one event, order.* for a kind, * for all."),
    )

    class Meta:
        model = Webhook
        fields = ("url", "description", "events")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["events"] = "\n".join(self.instance.events)

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        with _refusals_as_errors():
            guard.parse(url, own_networks=settings.WEBHOOK_ALLOWED_NETWORKS)
        return url

    def clean_events(self) -> list[str]:
        with _refusals_as_errors():
            return endpoints.tidy(self.cleaned_data["events"].splitlines())


@admin.register(Webhook)
class WebhookAdmin(EditAdmin):
    """Add an address, change it, try it, give it a new secret, switch it off and on."""

    form = WebhookForm
    change_form_template = "admin/webhook.html"
    list_display = ("__str__", "wants", "is_on", "disabled_reason", "failing_since", "created_at")
    search_fields = ("url", "description")
    show_full_result_count = False

    @admin.display(description=gettext_lazy("events"))
    def wants(self, webhook: Webhook) -> str:
        return ", ".join(webhook.events)

    @admin.display(description=gettext_lazy("on"), boolean=True)
    def is_on(self, webhook: Webhook) -> bool:
        return webhook.enabled

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        own = ("url", "description", "events")
        return (*own, "is_on", "disabled_reason", "failing_since", "former_until", "created_at") if obj else own

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("is_on", "disabled_reason", "failing_since", "former_until", "created_at")

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        by, given = grant_of(request).actor, form.cleaned_data
        if change:
            endpoints.change_webhook(webhook_id=obj.pk, by=by, **given)
            return
        made = endpoints.add_webhook(url=given["url"], wanted=given["events"], description=given["description"], by=by)
        obj.pk = made.webhook.pk
        request.webhook_secret = made.secret  # type: ignore[attr-defined]  # for `response_add`, which gets no form

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._show_secret(request, obj, request.webhook_secret)  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        endpoints.remove_webhook(webhook_id=obj.pk, by=grant_of(request).actor)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        for webhook in queryset:
            self.delete_model(request, webhook)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The log goes with its webhook, and nobody needs a permission of its own for that."""
        _listed, _counts, _lacking, protected = super().get_deleted_objects(objs, request)
        return [str(webhook) for webhook in objs], {self.opts.verbose_name_plural: len(objs)}, set(), protected

    def get_urls(self) -> list[URLPattern]:
        views = {"test": self.send_test, "rotate": self.rotate, "switch": self.switch}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"core_webhook_{name}")
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def send_test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send an event that means nothing."""
        webhook = get_object_or_404(Webhook, pk=pk)

        def carry() -> str:
            endpoints.send_test(webhook_id=pk, by=grant_of(request).actor)
            return _("A test event is on its way.")

        return confirm(self, request, webhook, title=_("Send a test event"), carry=carry)

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give a new secret, and show it."""
        webhook = get_object_or_404(Webhook, pk=pk)
        if request.method == "POST":
            made = endpoints.rotate_secret(webhook_id=pk, by=grant_of(request).actor)
            return self._show_secret(request, webhook, made.secret)
        return confirm(self, request, webhook, title=_("Give it a new secret"), carry=str)

    def switch(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Switch off or on."""
        webhook = get_object_or_404(Webhook, pk=pk)

        def carry() -> str:
            switched = endpoints.switch_webhook(
                webhook_id=pk, on=request.POST.get("on") == "yes", by=grant_of(request).actor
            )
            return _("The webhook is on.") if switched.enabled else _("The webhook is off.")

        title = _("Switch off") if webhook.enabled else _("Switch on")
        hidden = {"on": "no" if webhook.enabled else "yes"}
        return confirm(self, request, webhook, title=title, carry=carry, hidden=hidden)

    def _show_secret(self, request: HttpRequest, webhook: Webhook, secret: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new secret"),
            "opts": self.opts,
            "row": webhook,
            "back": reverse("admin:core_webhook_change", args=[webhook.pk]),
            "secret": secret,
        }
        return render(request, "admin/webhook_secret.html", context)  # the admin lets nothing be cached


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """The log: what was sent to whom, what came back, and sending it again."""

    list_display = ("created_at", "event_name", "subject", "webhook", "state", "attempts", "last_status", "next_at")
    list_filter = ("state", "webhook")
    list_select_related = ("event", "webhook")
    search_fields = ("=event__subject_id", "=event__name")
    show_full_result_count = False
    change_form_template = "admin/webhook_delivery.html"
    fields = ("webhook", "event", "state", "attempts", "next_at", "created_at", "done_at")
    actions = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        last = WebhookAttempt.objects.filter(delivery=OuterRef("pk")).order_by("-id").values("status")[:1]
        every: QuerySet[WebhookDelivery] = super().get_queryset(request)
        return every.annotate(last_status=Subquery(last))

    @admin.display(description=gettext_lazy("event"))
    def event_name(self, delivery: WebhookDelivery) -> str:
        return delivery.event.name

    @admin.display(description=gettext_lazy("subject"))
    def subject(self, delivery: WebhookDelivery) -> str:
        return f"{delivery.event.subject_kind}:{delivery.event.subject_id}"

    @admin.display(description=gettext_lazy("last answer"))
    def last_status(self, delivery: Any) -> int | None:
        return delivery.last_status  # type: ignore[no-any-return]  # annotated

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_webhook")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        delivery: WebhookDelivery = context["original"]
        context |= {
            "tries": delivery.tries.order_by("-id")[:100],
            "body": signing.body_of(delivery.event).decode(),
            "may_replay": self.has_replay_permission(request) and delivery.state != WebhookDelivery.State.WAITING,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        again = self.admin_site.admin_view(self.send_again)
        return [path("<int:pk>/replay/", again, name="core_webhookdelivery_replay"), *super().get_urls()]

    def send_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send one delivery again."""
        delivery = get_object_or_404(WebhookDelivery, pk=pk)

        def carry() -> str:
            deliveries.replay(delivery_id=pk, by=grant_of(request).actor)
            return _("The delivery will be sent again.")

        return confirm(self, request, delivery, title=_("Send again"), carry=carry)

    @admin.action(description=gettext_lazy("Send again"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        """Send many again; those that wait anyway, or whose webhook is off, are passed over."""
        sent = 0
        for delivery_id in queryset.order_by("pk").values_list("pk", flat=True):
            try:
                deliveries.replay(delivery_id=delivery_id, by=grant_of(request).actor)
            except (deliveries.StillWaiting, endpoints.WebhookDisabled):
                continue
            sent += 1
        text = ngettext("%(count)d delivery will be sent again.", "%(count)d deliveries will be sent again.", sent)
        self.message_user(request, text % {"count": sent}, messages.SUCCESS)


def confirm(
    model_admin: ModelAdmin,
    request: HttpRequest,
    row: Model,
    *,
    title: str,
    carry: Carry,
    hidden: dict[str, str] | None = None,
) -> HttpResponse:
    """Ask whether it is meant; on POST carry it out and go back to the row with what it says, or why it refused.

    Raises PermissionDenied without core.change_webhook, before either.
    """
    if not request.user.has_perm("core.change_webhook"):
        raise PermissionDenied
    back = reverse(f"admin:core_{row._meta.model_name}_change", args=[row.pk])  # noqa: SLF001
    if request.method == "POST":
        try:
            messages.success(request, carry())
        except DomainError as refusal:
            messages.error(request, refusal.detail)
        return HttpResponseRedirect(back)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "row": row,
        "back": back,
        "hidden": hidden or {},
    }
    return render(request, "admin/webhook_act.html", context)


@contextmanager
def _refusals_as_errors() -> Iterator[None]:
    """A service's refusal becomes an error of the field."""
    try:
        yield
    except DomainError as refusal:
        raise ValidationError(refusal.detail, code=refusal.code) from None
