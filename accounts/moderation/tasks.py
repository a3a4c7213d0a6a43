"""Deletes expired spam signals and removed profile content."""

from celery import shared_task

from accounts.moderation.services import profiles, spam


@shared_task(name="accounts.forget_traces")
def forget_traces() -> None:
    spam.purge_expired()
    profiles.purge_expired()
