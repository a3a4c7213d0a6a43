"""Say in good time that an endpoint will go: RFC 9745 (`Deprecation`) and RFC 8594 (`Sunset`).

`deprecation = Deprecation(...)` on a viewset, or `@action(deprecation=Deprecation(...))` for one address of it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.http import HttpResponseBase
from django.utils.http import http_date


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Since when something should not be used any more, when it goes if that is known, and where to read more."""

    since: date
    see: str = "/api/docs/"
    sunset: date | None = None

    def mark(self, response: HttpResponseBase) -> None:
        response["Deprecation"] = f"@{_seconds(self.since)}"
        response["Link"] = ", ".join(filter(None, (response.get("Link"), f'<{self.see}>; rel="deprecation"')))
        if self.sunset is not None:
            response["Sunset"] = http_date(_seconds(self.sunset))

    def in_words(self) -> str:
        """For the schema."""
        end = f" It goes on {self.sunset.isoformat()}." if self.sunset else ""
        return f"Deprecated since {self.since.isoformat()}, see {self.see}.{end}"


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
