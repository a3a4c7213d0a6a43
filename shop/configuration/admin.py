"""Base class of the admins that save and delete through the services."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from core.context import Actor, grant_of
from core.staff.edit_admin import EditAdmin
from shop.configuration import services as configuration


class ConfigurationAdmin(EditAdmin):
    """Saves and deletes rows through services. Subclasses implement `save`."""

    def save(self, row: Any, by: Actor) -> None:
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change or form.changed_data:
            self.save(obj, grant_of(request).actor)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        configuration.delete_row(obj, by=grant_of(request).actor)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)
