"""Pages, API and admin."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.requests import WsgiRequest  # noqa: E402  settings must be read first

application.request_class = WsgiRequest
