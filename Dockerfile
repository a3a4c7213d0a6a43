# One image for web, realtime, worker, beat and release: see compose.yaml for what each of them runs.

FROM python:3.11-slim-trixie AS build
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH PIP_NO_CACHE_DIR=1 UV_COMPILE_BYTECODE=1
COPY deploy/install.py requirements-uv.txt requirements.txt ./
# The image runs what is locked and installs nothing: pip and uv go again.
RUN python install.py /opt/venv requirements-uv.txt requirements.txt \
    && python -m pip uninstall --quiet --yes uv pip
COPY . .
# Static files are joined, named by content and compressed here. Nothing is connected to, and no key is kept.
RUN DEBUG=0 SECRET_KEY=build DATA_KEYS=build DOMAIN=build.invalid DATABASE_URL=postgres://build/build \
    REDIS_URL=redis://build/0 python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q .

FROM python:3.11-slim-trixie
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin agora \
    && install -d -o agora -g agora /data /data/media /data/private /data/backups
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
# The root is read-only when it runs: what is written goes to /data (kept) and /tmp (not kept). There is no home, so that
# mail without a mail server fails and is kept, rather than written where nobody looks.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    AGORA_ROLE=web \
    AGORA_HOME=/nonexistent \
    MEDIA_ROOT=/data/media \
    PRIVATE_ROOT=/data/private \
    BACKUP_ROOT=/data/backups
USER agora
EXPOSE 8000 8001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "deploy/healthcheck.py"]
CMD ["python", "-m", "gunicorn", "-c", "config/gunicorn.py", "--bind", "0.0.0.0:8000", "config.wsgi"]
