"""How a body names a thing of any kind."""

from collections.abc import Callable
from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class KindField(serializers.ChoiceField):
    """One of the kinds that are registered when it is asked."""

    def __init__(self, kinds: Callable[[], list[str]], **kwargs: Any) -> None:
        super().__init__(choices=kinds(), **kwargs)


class KindFilter(django_filters.ChoiceFilter):
    """The same in a query."""

    def __init__(self, kinds: Callable[[], list[str]], **kwargs: Any) -> None:
        super().__init__(choices=lambda: [(kind, kind) for kind in kinds()], **kwargs)
        extend_schema_field({"type": "string", "enum": kinds()})(self)


class ReferenceOut(serializers.Serializer[Any]):
    """A thing by its kind and public id: a slug, a SKU, a number or a uid, as its own address has it."""

    kind = serializers.CharField()
    id = serializers.CharField()
