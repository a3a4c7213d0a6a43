"""The database keeps a comment's path, parent and post in step."""

from django.db import migrations

ADD = """
ALTER TABLE blog_comment
    ADD CONSTRAINT comment_path_ends_here CHECK (path[cardinality(path)] = id),
    ADD CONSTRAINT comment_path_has_parent CHECK (parent_id IS NOT DISTINCT FROM path[cardinality(path) - 1]),
    ADD CONSTRAINT comment_post_key UNIQUE (post_id, id),
    ADD CONSTRAINT comment_parent_in_post FOREIGN KEY (post_id, parent_id) REFERENCES blog_comment (post_id, id)
        DEFERRABLE INITIALLY DEFERRED;
"""
DROP = """
ALTER TABLE blog_comment
    DROP CONSTRAINT comment_parent_in_post,
    DROP CONSTRAINT comment_post_key,
    DROP CONSTRAINT comment_path_has_parent,
    DROP CONSTRAINT comment_path_ends_here;
"""


class Migration(migrations.Migration):
    dependencies = [("blog", "0001_initial")]

    operations = [migrations.RunSQL(ADD, DROP)]
