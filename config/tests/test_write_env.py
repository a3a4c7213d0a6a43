"""`make env`: a complete .env with keys of its own."""

import importlib.util
import os
import stat
import subprocess
import sys

import environ
import pytest
import yaml
from django.conf import settings

SCRIPT = settings.BASE_DIR / "deploy" / "env.py"
EXAMPLE = settings.BASE_DIR / ".env.example"


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("deploy_env", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def target(tmp_path):
    return tmp_path / ".env"


def read(target):
    """As Django reads it."""
    kept = dict(os.environ)
    os.environ.clear()
    try:
        environ.Env.read_env(target)
        return dict(os.environ)
    finally:
        os.environ.clear()
        os.environ.update(kept)


def test_production_boots_with_what_was_written_and_django_has_nothing_to_say(script, target):
    script.write(target, EXAMPLE, {"DOMAIN": "shop.example", "EMAIL_URL": "smtp+tls://me:word@mail.example:587"})

    checked = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **read(target)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr


def test_prometheus_may_ask_by_the_names_it_calls_and_no_form_is_trusted_from_there(script, target):
    script.write(target, EXAMPLE, {"DOMAIN": "shop.example"})
    told = "from django.conf import settings as s; print(s.ALLOWED_HOSTS, s.CSRF_TRUSTED_ORIGINS)"

    printed = subprocess.run(
        [sys.executable, "-c", told],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings", **read(target)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    scraped = yaml.safe_load((settings.BASE_DIR / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
    targets = [target for one in scraped[0]["static_configs"] for target in one["targets"]]
    asked = [name for name, port in (target.split(":") for target in targets) if port in ("8000", "8001")]
    assert printed == f"{['shop.example', *asked]} ['https://shop.example']\n"


def test_the_file_is_for_its_owner_only_and_nobody_elses_keys(script, target, tmp_path):
    script.write(target, EXAMPLE, {"DOMAIN": "shop.example"})
    script.write(tmp_path / "other", EXAMPLE, {"DOMAIN": "shop.example"})

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    one, other = read(target), read(tmp_path / "other")
    secret = {"SECRET_KEY", "DATA_KEYS", "POSTGRES_PASSWORD", "DATABASE_URL", "METRICS_TOKEN"}
    assert {name for name in one if one[name] != other[name]} == secret
    assert one["POSTGRES_PASSWORD"] in one["DATABASE_URL"]


def test_everything_the_example_names_is_there_but_none_of_its_values(script, target):
    example = read(EXAMPLE)

    script.write(target, EXAMPLE, {"DOMAIN": "pots.example"})

    written, text = read(target), target.read_text()
    assert written["DOMAIN"] == "pots.example"
    for name, value in example.items():
        assert f"{name}=" in text
        assert written.get(name) != value or name == "SITE_NAME"


def test_a_name_with_spaces_arrives_whole(script, target):
    given = {"DOMAIN": "shop.example", "SITE_NAME": "Ninth Tile & Co", "EMAIL_URL": "smtp+tls://a:b$c@mail.example:587"}

    script.write(target, EXAMPLE, given)

    written = read(target)
    assert written["SITE_NAME"] == "Ninth Tile & Co"
    assert written["DEFAULT_FROM_EMAIL"] == "Ninth Tile & Co <hello@shop.example>"
    assert written["EMAIL_URL"] == "smtp+tls://a:b$c@mail.example:587"
    assert "'smtp+tls://a:b$c@mail.example:587'" in target.read_text()  # or Compose would look for a variable c


def test_a_file_that_is_there_stays_as_it_is(script, target):
    target.write_text("SECRET_KEY=in use\n")

    with pytest.raises(script.Refused, match="there already"):
        script.write(target, EXAMPLE, {"DOMAIN": "shop.example"})

    assert target.read_text() == "SECRET_KEY=in use\n"


@pytest.mark.parametrize(
    "domain", ["", "localhost", "https://shop.example", "shop example", "-a.example", "a.example\nX=1"]
)
def test_what_is_no_domain_writes_nothing(script, target, domain):
    with pytest.raises(script.Refused, match="make env DOMAIN="):
        script.write(target, EXAMPLE, {"DOMAIN": domain})

    assert not target.exists()


@pytest.mark.parametrize("name", ["O'Brien", "a\nDEBUG=1", "back\\slash"])
def test_what_two_readers_would_read_differently_is_refused(script, target, name):
    with pytest.raises(script.Refused, match="neither quotes nor backslashes"):
        script.write(target, EXAMPLE, {"DOMAIN": "shop.example", "SITE_NAME": name})

    assert not target.exists()


def test_the_command_prints_no_secret(tmp_path):
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "env.py").write_text(SCRIPT.read_text())
    (tmp_path / ".env.example").write_text(EXAMPLE.read_text())

    ran = subprocess.run(
        [sys.executable, tmp_path / "deploy" / "env.py"],
        env={"DOMAIN": "shop.example"},
        capture_output=True,
        text=True,
        check=True,
    )

    written = read(tmp_path / ".env")
    assert "EMAIL_URL" in ran.stdout
    for name in ("SECRET_KEY", "DATA_KEYS", "POSTGRES_PASSWORD", "METRICS_TOKEN"):
        assert written[name] not in ran.stdout + ran.stderr
