from django.contrib.postgres.indexes import GistIndex
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

# The words of what is indexed already. Reads the documents once and locks none; `manage.py reindex` does it again.
COLLECT = """
    INSERT INTO core_searchword (word)
    SELECT DISTINCT lexeme COLLATE "C" FROM core_searchdocument AS document,
        unnest(to_tsvector('simple', concat_ws(' ', document.title, document.summary, document.body)))
    WHERE lexeme ~ '^[[:alpha:]]+$' AND length(lexeme) BETWEEN 3 AND 40
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0007_webhook_failures")]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                (
                    "word",
                    models.CharField(
                        db_collation="C", max_length=40, primary_key=True, serialize=False, verbose_name="word"
                    ),
                ),
            ],
            options={"verbose_name": "search word", "verbose_name_plural": "search words"},
        ),
        migrations.RunSQL(COLLECT, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="searchword",
            index=GistIndex(fields=["word"], name="search_word_trigrams", opclasses=["gist_trgm_ops"]),
        ),
    ]
