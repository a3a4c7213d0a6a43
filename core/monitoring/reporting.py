"""Who outside hears of errors and traces: nobody, unless the environment names them."""

from django.conf import settings


def start() -> None:
    """Start what SENTRY_DSN and OTEL_EXPORTER_OTLP_ENDPOINT ask for; what is not asked for is not even imported.

    Call it before the first request is handled, which middleware is put together for. Both send from a thread, and
    start another in a process that is forked.
    """
    if settings.SENTRY_DSN:
        from core.monitoring import sentry  # noqa: PLC0415

        sentry.start()
    if settings.OTEL_ENDPOINT:
        from core.monitoring import tracing  # noqa: PLC0415

        tracing.start()
