"""No column that may hold something about a person is forgotten by what exports and erases."""

import re
from collections import Counter

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, Field, FileField, GenericIPAddressField, JSONField, Model, SlugField, TextField

from accounts.privacy import registry as privacy
from accounts.privacy.registry import RetentionPolicy
from accounts.users.models import User

# Named like this, a column is checked in every model.
TELLING = re.compile(
    r"(^|_)(e?mail|phone|address|addresses|ip|user_agent|browser|network|networks|author_name|birthday|iban)($|_)"
)
WRITTEN = (CharField, TextField, JSONField, FileField, GenericIPAddressField, ArrayField)


def columns(model: type[Model]) -> list[Field]:
    return [field for field in model._meta.get_fields() if getattr(field, "concrete", False)]


def points_at_person(field: Field) -> bool:
    return field.related_model is User


def is_personal(model: type[Model]) -> list[str]:
    """The columns of a model that a handler must name."""
    fields = columns(model)
    pointers = [field.name for field in fields if points_at_person(field)]
    is_about_people = bool(pointers) or model is User
    written = [
        field.name
        for field in fields
        if is_about_people and isinstance(field, WRITTEN) and not isinstance(field, SlugField) and not field.choices
    ]
    telling = [field.name for field in fields if TELLING.search(field.name)]
    return list(dict.fromkeys([*pointers, *written, *telling]))


def named() -> Counter[str]:
    """Each column that a handler names, as "shop.Order.email", and by how many categories."""
    count: Counter[str] = Counter()
    for handler in privacy.get_handlers().values():
        for columns_of in [*(category.columns for category in handler.categories), handler.unrelated_columns or {}]:
            for label, names in columns_of.items():
                count.update(f"{label}.{name}" for name in names.split())
    return count


MODELS = [model for model in apps.get_models() if not model._meta.proxy]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_what_may_be_about_a_person_is_exported_erased_or_kept_for_a_reason(model):
    known, label = named(), model._meta.label

    forgotten = [f"{label}.{name}" for name in is_personal(model) if f"{label}.{name}" not in known]

    assert forgotten == [], "name them in the privacy.py of their app"


def test_a_new_column_about_a_person_would_be_found():
    found = is_personal(User)

    assert {"email", "name", "bio", "password"} <= set(found)
    assert "orders" not in found
    assert is_personal(apps.get_model("shop.Order")).count("user") == 1
    assert "is_active" not in found


def test_every_column_that_is_named_exists_and_is_named_once():
    known = named()
    there = {f"{model._meta.label}.{field.name}" for model in MODELS for field in columns(model)}

    assert set(known) <= there
    assert [name for name, count in known.items() if count > 1] == []


def test_two_keepers_of_one_name_are_a_mistake():
    with pytest.raises(ValueError, match="shop"):
        privacy.register("shop", privacy.get_handlers()["blog"])


@pytest.mark.parametrize("name", privacy.get_handlers())
def test_what_is_not_erased_says_why_and_what_is_not_given_out_too(name):
    for category in privacy.get_handlers()[name].categories:
        assert bool(category.why) == (category.retention != RetentionPolicy.ERASED), category.words
        assert bool(category.file) != bool(category.not_exported), category.words
