"""A page of another host may ask the API where a setting names it; where none is named, nobody looks who asks."""

import json
import os
import subprocess
import sys

import pytest

CORS = "corsheaders.middleware.CorsMiddleware"
ASK = "import json; from django.conf import settings; print(json.dumps(settings.MIDDLEWARE))"


@pytest.mark.parametrize(("origins", "times"), [("", 0), ("https://app.example", 1)])
def test_the_middleware_stands_before_what_knows_people_and_only_where_it_is_needed(origins, times):
    environment = {**os.environ, "CORS_ALLOWED_ORIGINS": origins, "DJANGO_SETTINGS_MODULE": "config.settings"}

    told = subprocess.run([sys.executable, "-c", ASK], env=environment, check=True, capture_output=True, text=True)

    middleware = json.loads(told.stdout)
    assert middleware.count(CORS) == times
    assert CORS not in middleware[middleware.index("django.contrib.sessions.middleware.SessionMiddleware") :]
