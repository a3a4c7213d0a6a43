"""Addresses of the site that lead to something that is there, so that what is asked of them is really judged."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import site as admin_site

from tests.contract.addresses import UID, Address
from tests.contract.schema import described
from tests.contract.world import World


def operations(world: World) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation of the API: its method, its address in this world, and what is described of it."""
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path.format(**world.parts_of(path)), operation


def existing(address: Address, world: World) -> str:
    """The path of an address, with what is there in place of what is only plausible."""
    if address.is_admin:
        return _of_admin(address)
    known = world.paths
    replaced = {
        "/journal/tag/": {"breakfast-bowl": known["tags"]["slug"]},
        "/journal/comments/": {UID: known["comments"]["uid"]},
        "/journal/": {"breakfast-bowl": known["posts"]["slug"]},
        "/shop/orders/": {"breakfast-bowl": known["orders"]["number"]},
        "/talk/rooms/": {"breakfast-bowl": "glaze-talk"},
        "/talk/": {UID: known["rooms"]["uid"], "/7/": f"/{known['rooms']['seq']}/"},
    }
    words = next((words for start, words in replaced.items() if address.path.startswith(start)), {})
    path = address.path
    for plausible, there in words.items():
        path = path.replace(plausible, there)
    return path


def _of_admin(address: Address) -> str:
    """The address of a row of the model, where there is one."""
    for model, registered in admin_site._registry.items():
        start = f"admin/{registered.opts.app_label}/{registered.opts.model_name}/"
        if address.route.startswith(start) and "<" in address.route:
            row = model._default_manager.order_by("pk").values_list("pk", flat=True).first()
            if row is not None:
                last = address.route.removeprefix(start).rpartition(">")[2]
                return f"/{start}{row}{last}" if address.route.count("<") == 1 else address.path
    return address.path
