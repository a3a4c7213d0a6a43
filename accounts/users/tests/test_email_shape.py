"""The database refuses what is no email address, whatever wrote it."""

import pytest
from django.db import IntegrityError, transaction

from accounts.tests.factories import UserFactory
from accounts.users.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "email", ["", "a", "a@b@c.example", "a b@c.example", "a@c.example\n", "a\x07@c.example", "@", "a@"]
)
def test_the_database_refuses_what_is_no_email_address(email):
    user = UserFactory(email="ada@example.com")

    with pytest.raises(IntegrityError, match="user_email_shape"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(email=email)

    user.refresh_from_db()
    assert user.email == "ada@example.com"
