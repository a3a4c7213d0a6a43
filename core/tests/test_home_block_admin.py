"""Staff order the blocks of the front page in their list."""

from django.urls import reverse

from core.models import HomeBlock


def test_the_list_names_each_position_and_keeps_what_is_typed(client, staff):
    client.force_login(staff)
    block = HomeBlock.objects.create(kind="hero", title="Pots", link_url="/shop/", link_label="Look", position=0)
    address = reverse("admin:core_homeblock_changelist")
    typed = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": block.pk, "form-0-position": "3"}

    page = client.get(address).content.decode()
    answer = client.post(address, {**typed, "_save": "Save"})

    block.refresh_from_db()
    assert page.count('aria-label="position"') == 1
    assert (answer.status_code, block.position) == (302, 3)
