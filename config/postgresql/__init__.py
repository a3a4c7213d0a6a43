"""PostgreSQL for a server of threads that keep their connection."""
