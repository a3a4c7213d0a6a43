"""Deletes accounts that are due, and exports that have expired."""

from celery import shared_task

from accounts.data_requests.services import deletions, exports


@shared_task(name="accounts.forget_exports")
def forget_exports() -> None:
    exports.purge_expired()


@shared_task(name="accounts.erase_people")
def erase_people() -> None:
    """Erase accounts that are due, and send reminders."""
    deletions.send_reminders()
    deletions.erase_due_accounts()
    deletions.purge_last_addresses()
