"""Deletes accounts that are due, and exports that have expired."""

from celery import shared_task

from accounts.data_requests.services import deletions, exports


@shared_task(name="accounts.forget_exports")
def forget_exports() -> None:
    exports.forget_old()


@shared_task(name="accounts.erase_people")
def erase_people() -> None:
    """Those whose grace is over; whoever's is nearly over is told."""
    deletions.remind()
    deletions.erase_due()
    deletions.forget_addresses()
