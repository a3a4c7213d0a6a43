"""A real PostgreSQL and a real Valkey out of wheels, for development, the demo and the tests.

Nothing listens on a port, nothing outlives the process that started it, and all data stays in one folder:
`.agora/` beside manage.py, or wherever AGORA_HOME says. Where DATABASE_URL or REDIS_URL is set, that service is
taken from there and none of ours is started.
"""

from config.embedded.stack import services

__all__ = ["services"]
