"""Scheduled tasks of the journal."""

from celery import shared_task

from blog.posts.services import publishing
from core.context import Actor


@shared_task(name="blog.publish_due_posts")
def publish_due_posts() -> None:
    publishing.publish_due(by=Actor.system("schedule"))
