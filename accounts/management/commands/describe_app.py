"""Regenerate docs/openapi-app.yaml."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.headless import openapi


class Command(BaseCommand):
    help = "Write docs/openapi-app.yaml, the description of what apps sign in by; then review the difference."

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / "docs" / "openapi-app.yaml").write_text(openapi.render_schema())
