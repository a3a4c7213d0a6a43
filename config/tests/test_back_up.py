"""A backup can be restored, says so, and is refused when it is not what it was."""

import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config.backups import BackupFailed, make, restore
from config.backups.manifest import Manifest, table_contents
from core.content.models import TextPage
from shop.stock.models import StockLevel
from shop.tests.factories import shop_ready
from shop.tests.pages import product_with

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)


@pytest.fixture
def places(settings, tmp_path):
    settings.BACKUP_ROOT, settings.MEDIA_ROOT = tmp_path / "backups", tmp_path / "media"
    (settings.MEDIA_ROOT / "2026").mkdir(parents=True)
    (settings.MEDIA_ROOT / "2026" / "bowl.webp").write_bytes(b"bowl" * 100)
    (settings.MEDIA_ROOT / "mug.webp").write_bytes(b"mug")
    return settings


@pytest.fixture
def site():
    shop_ready()
    product_with("mug", celadon=5, moss=3)
    TextPage.objects.create(slug="imprint", title="Imprint", body_source="Tänzer & Söhne; 'quoted' \\ \n")


@pytest.fixture
def made(places, site) -> Path:
    return make.make_backup(root=places.BACKUP_ROOT, media=places.MEDIA_ROOT, now=NOW)


def databases():
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]


def test_a_backup_is_three_files_that_nobody_else_may_read(made):
    manifest = Manifest.read(made)

    assert made.name == "2026-11-21T033000Z"
    assert sorted(path.name for path in made.iterdir()) == ["database.dump", "manifest.json", "media.tar"]
    assert made.stat().st_mode & 0o777 == 0o700
    assert {name: content.amount for name, content in manifest.media.items()} == {"2026/bowl.webp": 400, "mug.webp": 3}
    assert manifest.tables["shop_stocklevel"].amount == 2
    assert manifest.tables == table_contents()


def test_the_drill_restores_beside_what_is_in_use_and_leaves_nothing(made, capsys):
    before, own = databases(), connection.settings_dict["NAME"]
    TextPage.objects.create(slug="later", title="Written after the backup", body_source="Later.")

    call_command("restore_drill")

    tables, rows = len(Manifest.read(made).tables), sum(table.amount for table in Manifest.read(made).tables.values())
    out = capsys.readouterr().out
    assert (
        f"2026-11-21T033000Z can be restored: {tables} tables with {rows} rows and 2 files are what they were." in out
    )
    assert "0 findings" in out
    assert databases() == before
    assert connection.settings_dict["NAME"] == own
    assert TextPage.objects.filter(slug="later").exists()


def test_the_drill_notices_a_row_that_is_not_what_it_was(made):
    told = json.loads((made / "manifest.json").read_text())
    told["tables"]["core_textpage"]["digest"] = "1"
    (made / "manifest.json").write_text(json.dumps(told))
    before = databases()

    with pytest.raises(CommandError, match=r"core_textpage: \d+ \(1\) expected"):
        call_command("restore_drill")

    assert databases() == before


def test_the_drill_notices_a_shop_that_does_not_add_up(places, site):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shop_stocklevel DISABLE TRIGGER ALL")
        cursor.execute("UPDATE shop_stocklevel SET on_hand = on_hand + 1")
        cursor.execute("ALTER TABLE shop_stocklevel ENABLE TRIGGER ALL")
    make.make_backup(root=places.BACKUP_ROOT, media=places.MEDIA_ROOT, now=NOW)

    with pytest.raises(CommandError, match="2 sums do not match"):
        call_command("restore_drill")


@pytest.mark.parametrize("name", ["database.dump", "media.tar"])
def test_a_damaged_backup_is_refused_before_anything_is_restored(made, name):
    whole = (made / name).read_bytes()
    (made / name).write_bytes(whole[:-7] + b"damaged")

    with pytest.raises(CommandError, match=f"is damaged: {name}"):
        call_command("restore_drill")


def test_a_missing_file_is_damage_too(made):
    (made / "media.tar").unlink()

    with pytest.raises(BackupFailed, match=r"is damaged: media\.tar"):
        Manifest.read(made)


def test_a_database_in_use_is_never_restored_over(made, places):
    before = table_contents()

    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", made.name)

    assert table_contents() == before


def test_a_restored_place_has_the_rows_and_the_files(made, tmp_path):
    rows = list(StockLevel.objects.order_by("id").values_list("on_hand", flat=True))
    new = tmp_path / "new place"

    with restore._fresh_database():
        restore.restore_backup(made, media=new)
        assert list(StockLevel.objects.order_by("id").values_list("on_hand", flat=True)) == rows
        assert TextPage.objects.get(slug="imprint").body_source == "Tänzer & Söhne; 'quoted' \\ \n"

    assert (new / "2026" / "bowl.webp").read_bytes() == b"bowl" * 100


def test_an_archive_cannot_write_outside_of_the_media(made, tmp_path):
    evil = tmp_path / "evil"
    evil.write_text("x")
    with tarfile.open(made / "media.tar", "w") as archive:
        archive.add(evil, arcname="../../outside")
    told = json.loads((made / "manifest.json").read_text())
    told["files"]["media.tar"] = {"amount": (made / "media.tar").stat().st_size, "digest": _sha256(made / "media.tar")}
    (made / "manifest.json").write_text(json.dumps(told))

    with restore._fresh_database(), pytest.raises(tarfile.OutsideDestinationError):
        restore.restore_backup(made, media=tmp_path / "in" / "media")

    assert not (tmp_path / "outside").exists()


def test_a_backup_that_fails_leaves_no_half_of_one(places, site, monkeypatch):
    def fail(*options):
        raise BackupFailed("pg_dump failed: disk full")

    monkeypatch.setattr(make.tools, "run", fail)

    with pytest.raises(CommandError, match="disk full"):
        call_command("backup")

    assert list(places.BACKUP_ROOT.iterdir()) == []


def test_rows_written_meanwhile_are_in_the_next_backup(places, site, monkeypatch):
    """Dump and digests see the same moment, or every backup of a busy site would look damaged."""
    run = make.tools.run

    def write_and_run(*options):
        told = connection.get_connection_params()
        kept = {name: told[name] for name in ("host", "port", "user", "dbname") if told.get(name)}
        with psycopg.connect(**kept) as other:
            other.execute("UPDATE shop_product SET title = 'Renamed'")
        run(*options)

    monkeypatch.setattr(make.tools, "run", write_and_run)
    made = make.make_backup(root=places.BACKUP_ROOT, media=places.MEDIA_ROOT, now=NOW)
    monkeypatch.setattr(make.tools, "run", run)

    restore.drill(made)
    assert table_contents() != Manifest.read(made).tables


def test_old_backups_go_when_asked(places, site, capsys):
    for day in (1, 2, 3):
        make.make_backup(root=places.BACKUP_ROOT, media=places.MEDIA_ROOT, now=NOW.replace(day=day))

    call_command("backup", keep=2)

    left = [path.name for path in make.list_backups(places.BACKUP_ROOT)]
    assert left[0] == "2026-11-03T033000Z"
    assert len(left) == 2
    assert "Removed 2026-11-01T033000Z.\nRemoved 2026-11-02T033000Z." in capsys.readouterr().out


def test_without_a_backup_the_drill_says_what_to_do(places):
    with pytest.raises(CommandError, match=r"There is no backup .* Make one: manage.py backup"):
        call_command("restore_drill")


def _sha256(path):
    from config.backups.manifest import file_content

    return file_content(path).digest
