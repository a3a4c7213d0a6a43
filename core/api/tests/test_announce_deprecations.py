"""What will go says so in good time: in its answers and in the schema."""

from datetime import date
from typing import Any

import pytest
from django.test import override_settings
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from core.api.deprecation import Deprecation
from core.api.viewsets import GrantedViewMixin

GOING = Deprecation(since=date(2026, 11, 1), see="/api/docs/#kilns", sunset=date(2027, 5, 1))


class KilnOut(serializers.Serializer[Any]):
    heat = serializers.IntegerField()


class KilnViewSet(GrantedViewMixin, viewsets.ViewSet):
    """Kilns."""

    serializer_class = KilnOut

    @action(detail=False, methods=["get"])
    def new(self, request: Any) -> Response:
        return Response({"heat": 1240})

    @action(detail=False, methods=["get"], deprecation=GOING)
    def old(self, request: Any) -> Response:
        return Response({"heat": 1240})


class LeavingViewSet(KilnViewSet):
    deprecation = Deprecation(since=date(2026, 11, 1))


router = SimpleRouter()
router.register("kilns", KilnViewSet, "kiln")
router.register("ovens", LeavingViewSet, "oven")
urlpatterns = [path("", include(router.urls))]


@pytest.fixture
def kilns(db, settings):
    with override_settings(ROOT_URLCONF=__name__):
        yield


def test_an_address_that_goes_says_since_when_until_when_and_where_to_read(kilns, api):
    answer = api.get("/kilns/old/")

    assert answer["Deprecation"] == "@1793491200"
    assert answer["Sunset"] == "Sat, 01 May 2027 00:00:00 GMT"
    assert answer["Link"] == '</api/docs/#kilns>; rel="deprecation"'


def test_an_address_that_has_it_already_hears_it_too(kilns, api):
    answer = api.get("/kilns/old/", HTTP_IF_NONE_MATCH=api.get("/kilns/old/")["ETag"])

    assert (answer.status_code, answer["Deprecation"]) == (304, "@1793491200")


def test_an_address_that_stays_says_nothing(kilns, api):
    answer = api.get("/kilns/new/")

    assert not {"Deprecation", "Sunset", "Link"} & set(answer.headers)


def test_a_whole_resource_may_go_before_its_end_is_known(kilns, api):
    answer = api.get("/ovens/new/")

    assert answer["Deprecation"] == "@1793491200"
    assert "Sunset" not in answer


def test_the_schema_says_it(kilns):
    paths = SchemaGenerator(patterns=urlpatterns).get_schema(request=None, public=True)["paths"]
    old, new = paths["/kilns/old/"]["get"], paths["/kilns/new/"]["get"]

    assert old["deprecated"] is True
    assert "Deprecated since 2026-11-01, see /api/docs/#kilns. It goes on 2027-05-01." in old["description"]
    assert {"Deprecation", "Sunset"} <= set(old["responses"]["200"]["headers"])
    assert "deprecated" not in new
