"""A Django project as `startproject` makes it, with a connection that is kept: what our settings are held against."""

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

COLUMNS = ("digest", "width", "height", "alt", "color")


def _database(url: str) -> dict[str, Any]:
    host, name = unquote(urlsplit(url).path).removeprefix("/").rsplit("/", 1)
    user = urlsplit(url).username
    return {"ENGINE": "django.db.backends.postgresql", "HOST": host, "NAME": name, "USER": user, "CONN_MAX_AGE": None}


settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="k" * 50,
    ROOT_URLCONF=__name__,
    DATABASES={"default": _database(os.environ["DATABASE_URL"])},
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
)
application = get_wsgi_application()

from django.db import models  # noqa: E402  apps must be ready


class Picture(models.Model):
    """The table that B reads."""

    digest = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    alt = models.CharField(max_length=400)
    color = models.CharField(max_length=7)

    class Meta:
        app_label = "plain"
        managed = False
        db_table = "core_picture"

    def __str__(self) -> str:
        return self.alt


def select(request: HttpRequest) -> JsonResponse:
    """B: one indexed SELECT."""
    key = int(request.GET.get("n", "0")) % 1000 + 1
    return JsonResponse(Picture.objects.filter(pk=key).values(*COLUMNS).first() or {})


urlpatterns = [path("floor/select/", select)]
