"""Base classes for every ModelAdmin that changes rows.

A page carries the fingerprints of the values it was drawn with. When a field was saved by somebody else in the
meantime, saving is refused and both values are shown. Constraints and refusals of services become words at their
field. A save that changes nothing says so. The history of an object is that of its events.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import BaseConstraint, Model
from django.forms.models import InlineForeignKeyField
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from core import constraints, interrupted_forms
from core.context import grant_of
from core.errors import Conflict, DomainError, Invalid
from core.forms import add_error
from core.staff.history import HistoryAdmin

LOADED = "_loaded"
Fingerprints = Mapping[str, Mapping[str, str]]


class ExplainedForm(forms.ModelForm):
    """A form that says violated constraints in the words that are registered for them."""

    def _update_errors(self, errors: ValidationError) -> None:
        """As Django's, with words in place of names of constraints, at the field that mends it."""
        found: dict[str, list[ValidationError]] = errors.update_error_dict({})
        unnamed = found.pop(NON_FIELD_ERRORS, [])
        names = {str(rule.get_violation_error_message()): rule.name for rule in _rules(self.instance)}
        for error in unnamed:
            name = names.get(str(error.messages[0]))
            field, said = _in_words(name, self.fields) if name else (NON_FIELD_ERRORS, error)
            found.setdefault(field, []).append(said)
        super()._update_errors(ValidationError(found))  # type: ignore[misc]


class EditForm(ExplainedForm):
    """Mixed into every form of an editing page, inline rows and editable lists included."""

    refusal: ClassVar[DomainError | None] = None  # what a service said when this page was saved a moment ago

    def row_key(self) -> str:
        return f"{self._meta.model._meta.label_lower}:{self.instance.pk}"  # noqa: SLF001  Django's documented API

    def fingerprints(self) -> dict[str, str]:
        """What each field that can be edited holds now, before anything was typed."""
        return {
            name: _fingerprint(self, name, self.get_initial_for_field(self.fields[name], name))
            for name in self._guarded()
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk is not None:
            self._refuse_stale()
        if self.refusal is not None:
            add_error(self, self.refusal)
        return cleaned

    def _guarded(self) -> list[str]:
        return [
            name
            for name, field in self.fields.items()
            if not (
                field.disabled or field.widget.is_hidden or isinstance(field, forms.FileField) or _is_key(self, name)
            )
        ]

    def _refuse_stale(self) -> None:
        """Compare what the page was drawn with against what is saved now."""
        loaded = _loaded(self.data).get(self.row_key())
        if loaded is None:
            return
        current = self.fingerprints()
        for name in [name for name in current if name in loaded and loaded[name] != current[name]]:
            saved = self.get_initial_for_field(self.fields[name], name)
            typed = self[name].data
            if _fingerprint(self, name, typed) == current[name]:
                continue
            if _fingerprint(self, name, typed) == loaded[name]:
                self._take(name, saved)
                text = _("Changed meanwhile by somebody else. The field now shows the saved value: %(saved)s")
            else:
                text = _("Changed meanwhile by somebody else to: %(saved)s. Save again to replace it with your value.")
            self.add_error(name, ValidationError(text % {"saved": _shown(self, name, saved)}, code="stale"))

    def _take(self, name: str, saved: Any) -> None:
        """Show the saved value in a field that was not touched on this page."""
        if not hasattr(self.data, "setlist"):
            return
        self.data = self.data.copy()  # type: ignore[attr-defined]
        prepared = self.fields[name].prepare_value(saved)
        key = self.add_prefix(name)
        if isinstance(prepared, (list, tuple)):
            self.data.setlist(key, [str(value) for value in prepared])  # type: ignore[attr-defined]
        elif isinstance(prepared, bool):
            self.data.setlist(key, ["on"] if prepared else [])  # type: ignore[attr-defined]
        else:
            self.data[key] = _text(self.fields[name], prepared)  # type: ignore[index]


class EditAdmin(HistoryAdmin):
    """A ModelAdmin whose pages overwrite nothing that they did not show.

    A rule of the database or of a service becomes an error of the form, never a server error.
    """

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Locked while it is saved, so that two tabs that save at once are compared one after the other."""
        if request.method == "POST" and transaction.get_connection().in_atomic_block:
            name = self.opts.pk.attname if from_field is None else from_field
            rows = self.model._default_manager.select_for_update(of=("self",), no_key=True)  # noqa: SLF001
            with suppress(ValidationError, ValueError):  # what is no key finds nothing below either
                rows.filter(**{name: object_id}).first()
        return super().get_object(request, object_id, from_field)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return _guarding(form, refusal=getattr(request, "refusal", None))

    def get_formsets_with_inlines(self, request: HttpRequest, obj: Any = None) -> Iterator[Any]:
        for formset, inline in super().get_formsets_with_inlines(request, obj):
            formset.form = _guarding(formset.form)
            yield formset, inline

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        formset = super().get_changelist_formset(request, **kwargs)
        formset.form = _guarding(formset.form)
        loaded = property(lambda rows: json.dumps(_all_fingerprints(rows.forms)))
        return type(formset.__name__, (formset,), {"loaded": loaded})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = [context["adminform"].form]
        rows += [form for inline in context.get("inline_admin_formsets", ()) for form in inline.formset.initial_forms]
        context["loaded"] = json.dumps(_all_fingerprints(rows))
        context["loaded_name"] = LOADED
        owner = grant_of(request).actor.id
        context["owner_field"], context["owner_token"] = interrupted_forms.FIELD, interrupted_forms.owner_token(owner)
        if request.method == "GET" and (kept := interrupted_forms.kept_values(request, owner)):
            context["returned"] = True
            context["loaded"] = (kept.get(LOADED) or [context["loaded"]])[-1]
            _fill(context, kept)
        return super().render_change_form(request, context, *args, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Forget what was kept of an interrupted form once the form is saved."""
        answer = self._guarded_changeform(request, *args, **kwargs)
        if request.method == "POST" and answer.status_code == HTTPStatus.FOUND:
            interrupted_forms.forget(request)
        return answer

    def _guarded_changeform(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What no form could foresee is undone as a whole and said on the page, with what was typed."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (IntegrityError, Invalid, Conflict) as failure:
            if request.method != "POST" or hasattr(request, "refusal"):
                raise
            request.refusal = _refusal(failure)  # type: ignore[attr-defined]
        for upload in cast("Iterable[UploadedFile]", request.FILES.values()):
            upload.seek(0)  # it was read once
        return super().changeform_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._or_message(request, partial(super().changelist_view, request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._or_message(request, partial(super().delete_view, request, *args, **kwargs))

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        message = super().construct_change_message(request, form, formsets, add)
        request.changed_nothing = not add and not message  # type: ignore[attr-defined]
        return message

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None if getattr(request, "changed_nothing", False) else super().log_change(request, obj, message)

    def message_user(
        self, request: HttpRequest, message: Any, level: int | str = messages.INFO, *args: Any, **kwargs: Any
    ) -> None:
        if level == messages.SUCCESS and getattr(request, "changed_nothing", False):
            message, level = _("Nothing was changed."), messages.INFO
        super().message_user(request, message, level, *args, **kwargs)

    def _or_message(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        """Pages without a form of their own say a refusal on top."""
        try:
            return view()
        except (IntegrityError, Invalid, Conflict) as failure:
            if request.method != "POST":
                raise
            super().message_user(request, _refusal(failure).detail, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


def _fill(context: Any, kept: Mapping[str, Sequence[str]]) -> None:
    """Show what was typed before the session ended, unchecked: it is checked when it is saved."""
    typed = QueryDict(mutable=True)
    for name, values in kept.items():
        typed.setlist(name, list(values))
    rows = [context["adminform"].form]
    rows += [form for inline in context.get("inline_admin_formsets", ()) for form in inline.formset.forms]
    for row in rows:
        row.data, row.is_bound, row._errors = typed, True, ErrorDict()  # noqa: SLF001  not checked before it is saved


def _refusal(failure: IntegrityError | DomainError) -> DomainError:
    return failure if isinstance(failure, DomainError) else constraints.to_error(failure)


def _guarding(form: Any, **attributes: Any) -> Any:
    return type(form.__name__, (EditForm, form), attributes)


def _is_key(form: EditForm, name: str) -> bool:
    """What tells rows apart is never edited."""
    return isinstance(form.fields[name], InlineForeignKeyField) or name == form.instance._meta.pk.name  # noqa: SLF001


def _all_fingerprints(rows: Iterable[Any]) -> dict[str, dict[str, str]]:
    return {row.row_key(): row.fingerprints() for row in rows if row.instance.pk is not None}


def _loaded(data: Mapping[str, Any]) -> Fingerprints:
    """What the page said it was drawn with; nothing for programs that never saw a page."""
    try:
        found = json.loads(data.get(LOADED, "{}"))
    except ValueError:
        return {}
    is_sound = isinstance(found, dict) and all(isinstance(row, dict) for row in found.values())
    return found if is_sound else {}


def _fingerprint(form: EditForm, name: str, value: Any) -> str:
    field = form.fields[name]
    prepared = field.prepare_value(value)
    if isinstance(prepared, (list, tuple)):
        text = json.dumps(sorted(str(one) for one in prepared))
    elif isinstance(field.widget, forms.CheckboxInput):
        text = str(bool(prepared))
    else:
        text = _text(field, prepared)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _text(field: forms.Field, prepared: Any) -> str:
    """A value as the page's field holds it."""
    formatted = field.widget.format_value(prepared) if not isinstance(field.widget, forms.Select) else prepared
    return "" if formatted is None else str(formatted).replace("\r\n", "\n").strip()


def _shown(form: EditForm, name: str, value: Any) -> str:
    """A value as people read it."""
    field = form.fields[name]
    prepared = field.prepare_value(value)
    if isinstance(field.widget, forms.CheckboxInput):
        return _("yes") if prepared else _("no")
    if isinstance(field, forms.ChoiceField):
        choices = cast("Iterable[tuple[Any, Any]]", field.choices)
        labels = {str(key): str(label) for key, label in choices if not isinstance(label, (list, tuple))}
        chosen = prepared if isinstance(prepared, (list, tuple)) else [prepared]
        return ", ".join(labels.get(str(one), str(one)) for one in chosen if one not in (None, "")) or _("nothing")
    return _text(field, prepared) or _("nothing")


def _rules(instance: Model) -> Iterator[BaseConstraint]:
    for _model, rules in instance.get_constraints():
        yield from rules


def _in_words(name: str, fields: Mapping[str, forms.Field]) -> tuple[str, ValidationError]:
    """A violated constraint as an error of a field, or of the form when it does not have the field."""
    words = constraints.explain(name)
    field = words.field if words.field in fields else NON_FIELD_ERRORS
    return field, ValidationError(str(words.message), code="constraint")
