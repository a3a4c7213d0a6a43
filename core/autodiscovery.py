"""Import what registers itself: event handlers, tasks, cards, panels and the like of every domain of an app."""

from importlib import import_module
from pkgutil import iter_modules

# Modules of these names subscribe or register something when they are imported.
ROOMS = {"cards", "events", "handlers", "metrics", "moderation", "panels", "privacy", "search", "tasks", "topics"}
NO_DOMAINS = {"management", "migrations", "templatetags", "tests"}


_imported: set[str] = set()


def import_rooms(app: str) -> None:
    """Import these modules of an app and of its domains, as far as they exist. Called by `AppConfig.ready`."""
    _imported.add(app)
    for domain in iter_modules(import_module(app).__path__, f"{app}."):
        if domain.ispkg and domain.name.removeprefix(f"{app}.") not in NO_DOMAINS:
            for module in iter_modules(import_module(domain.name).__path__):
                if module.name in ROOMS:
                    import_module(f"{domain.name}.{module.name}")
        elif not domain.ispkg and domain.name.removeprefix(f"{app}.") in ROOMS:
            import_module(domain.name)


def imported_apps() -> frozenset[str]:
    """The apps of this project that are installed."""
    return frozenset(_imported)
