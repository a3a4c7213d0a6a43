"""A real PostgreSQL and a real Valkey out of wheels, for development, the demo and the tests.

Nothing listens on a port, nothing outlives the process that started it, and all data stays in one folder:
`.agora/` beside manage.py, or in AGORA_HOME. Where DATABASE_URL or REDIS_URL is set, that service is
used and no embedded one is started.
"""

from config.embedded.stack import services

__all__ = ["services"]
