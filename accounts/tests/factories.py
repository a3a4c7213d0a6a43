"""People for tests."""

import factory
from allauth.account.models import EmailAddress

from accounts.permissions.models import Entitlement
from accounts.users.models import User

PASSWORD = "seven kilns at dusk"


class UserFactory(factory.django.DjangoModelFactory):
    """Somebody with a verified address and a password."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Faker("name")

    @classmethod
    def _create(cls, model_class: type[User], *args: object, **fields: object) -> User:
        user = model_class.objects.create_user(password=fields.pop("password", PASSWORD), **fields)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        return user


class EntitlementFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Entitlement

    user = factory.SubFactory(UserFactory)
    kind = "product"
    subject = factory.Sequence(lambda n: f"mug-{n}")
    source_kind = "order"
    source_id = factory.Sequence(lambda n: f"A-{n}")
