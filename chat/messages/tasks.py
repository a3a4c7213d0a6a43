"""The worker's part of the conversation."""

from celery import shared_task

from chat.messages.services import unread


@shared_task(name="chat.request_unread_mails")
def request_unread_mails() -> None:
    unread.request_due_emails()
