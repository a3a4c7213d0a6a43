from django.db import migrations, models
from django.db.models import Q

LINK_URL = r"^(/([^/\\\s][^\\\s]*)?|https?://[^\s/\\]+\S*|#\S+)$"


def mend_blocks(apps, schema_editor):
    """Blocks saved before there were rules lose a link that no page may have."""
    blocks = apps.get_model("core", "HomeBlock").objects
    blocks.exclude(Q(link_url="") | Q(link_url__regex=LINK_URL)).update(link_url="")
    blocks.exclude(card_kind__regex=r"^[a-z_]*$").update(card_kind="", card_ids=[])
    blocks.filter(kind="cards", card_kind="").update(card_kind="product")


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0008_search_words"),
    ]

    operations = [
        migrations.RunPython(mend_blocks, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="homeblock",
            constraint=models.CheckConstraint(
                condition=Q(link_url="") | Q(link_url__regex=LINK_URL), name="home_block_link"
            ),
        ),
        migrations.AddConstraint(
            model_name="homeblock",
            constraint=models.CheckConstraint(condition=Q(card_kind__regex=r"^[a-z_]*$"), name="home_block_card_kind"),
        ),
        migrations.AddConstraint(
            model_name="homeblock",
            constraint=models.CheckConstraint(
                condition=~Q(kind="cards", card_kind=""), name="home_block_says_which_cards"
            ),
        ),
    ]
