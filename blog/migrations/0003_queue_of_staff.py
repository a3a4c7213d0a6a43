"""Comments that wait already stand in the queue of staff."""

from django.db import migrations


def open_cases(apps, schema_editor):
    Comment, Case = apps.get_model("blog", "Comment"), apps.get_model("accounts", "Case")
    waiting = Comment.objects.filter(status="pending").order_by("pk").only("uid", "author_id", "created_at")
    Case.objects.bulk_create(
        (
            Case(
                kind="comment",
                subject_id=str(comment.uid),
                author_id=comment.author_id,
                reasons=["waits"],
                opened_at=comment.created_at,
            )
            for comment in waiting.iterator()
        ),
        batch_size=500,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("blog", "0002_comment_tree"), ("accounts", "0008_moderation")]

    operations = [migrations.RunPython(open_cases, migrations.RunPython.noop)]
