"""What accounts do by the clock."""

from celery import shared_task

from accounts.services import closing, devices, exports


@shared_task(name="accounts.forget_sessions")
def forget_sessions() -> None:
    devices.forget_old()


@shared_task(name="accounts.forget_exports")
def forget_exports() -> None:
    exports.forget_old()


@shared_task(name="accounts.erase_people")
def erase_people() -> None:
    """Those whose grace is over; whoever's is nearly over is told."""
    closing.remind()
    closing.erase_due()
    closing.forget_addresses()
