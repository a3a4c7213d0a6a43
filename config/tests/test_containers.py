"""The image and the eight containers keep to what the operations manual promises. No engine is asked."""

import re
import shlex

import pytest
import yaml
from django.conf import settings

ROOT = settings.BASE_DIR
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("web", "realtime", "worker", "beat", "release")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
MANUAL = (ROOT / "docs" / "operations.md").read_text()


def megabytes(size):
    number, unit = re.fullmatch(r"(\d+)([mg])", size).groups()
    return int(number) * {"m": 1, "g": 1024}[unit]


def seconds(span):
    return int(re.fullmatch(r"(\d+)s", span)[1])


def instructions():
    """The Dockerfile's instructions with their continuation lines, comments left out."""
    lines = "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#"))
    return [line for line in lines.replace("\\\n", " ").splitlines() if line.strip()]


def test_eight_containers_in_two_gigabytes():
    assert set(SERVICES) == {*OURS, "caddy", "postgres", "valkey"}
    assert sum(megabytes(service["mem_limit"]) for service in SERVICES.values()) <= 2048


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_bounded_and_can_do_little(name):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] <= 128
    assert service["restart"] == ("no" if name == "release" else "unless-stopped")
    assert service["logging"]["options"]["max-size"]
    assert seconds(service["stop_grace_period"]) >= 10
    assert ":" in service["image"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_of_the_machine_is_mounted_and_one_container_has_ports(name):
    service = SERVICES[name]

    for volume in service.get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]
    assert ("ports" in service) is (name == "caddy")


def test_no_secret_stands_in_the_files():
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY|TOKEN|SECRET", variable):
                assert value.startswith("${"), (name, variable)
    assert not re.findall(r"^(?:ENV|ARG) .*(?:PASSWORD|SECRET|TOKEN|_KEY)", DOCKERFILE, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert not any(line.startswith("!.env") for line in ignored)


@pytest.mark.parametrize("name", ["web", "realtime", "worker", "beat"])
def test_our_processes_wait_for_the_release_and_are_one_image(name):
    waits = {other: rule["condition"] for other, rule in SERVICES[name]["depends_on"].items()}

    assert waits == {
        "postgres": "service_healthy",
        "valkey": "service_healthy",
        "release": "service_completed_successfully",
    }
    assert SERVICES[name]["image"] == SERVICES["release"]["image"]
    assert SERVICES[name]["environment"]["AGORA_ROLE"] == name


def test_data_is_out_of_reach_from_the_door():
    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert SERVICES["caddy"]["networks"] == ["front"]
    for name in ("postgres", "valkey"):
        assert SERVICES[name]["networks"] == ["back"]


def test_what_is_stopped_has_more_time_than_it_takes(monkeypatch, tmp_path):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))  # else reading its settings would set it permanently
    from config import gunicorn

    web = seconds(SERVICES["web"]["stop_grace_period"])
    assert web > gunicorn.DRAIN_SECONDS + gunicorn.graceful_timeout
    realtime = next(part for part in SERVICES["realtime"]["command"] if part.startswith("--timeout-graceful"))
    assert seconds(SERVICES["realtime"]["stop_grace_period"]) > int(realtime.partition("=")[2])


def test_the_image_runs_web_by_itself_as_nobody_special():
    last = instructions()[instructions().index("FROM python:3.11-slim-trixie", 1) :]

    assert "USER agora" in last
    assert last.index("USER agora") > max(at for at, line in enumerate(last) if line.startswith(("RUN", "COPY")))
    assert yaml.safe_load(last[-1].removeprefix("CMD ")) == SERVICES["web"]["command"]
    assert any(line.startswith("HEALTHCHECK") for line in last)


def test_nothing_is_installed_without_its_hash_and_nothing_to_develop_with():
    installs = [line for line in instructions() if "install.py" in line and line.startswith("RUN")]

    assert len(installs) == 1
    assert "python install.py /opt/venv requirements-uv.txt requirements.txt " in installs[0]
    assert "pip install" not in DOCKERFILE
    assert "requirements-dev" not in DOCKERFILE


def test_the_image_holds_every_app_and_nothing_to_develop_with():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    apps = {app.split(".")[0] for app in settings.INSTALLED_APPS if (ROOT / app.split(".")[0]).is_dir()}

    assert apps - {"demo"} <= kept
    assert kept - apps == {
        *("deploy/healthcheck.py", "deploy/install.py", "manage.py", "requirements.txt", "requirements-uv.txt"),
        *("static", "templates"),
    }
    assert all((ROOT / path).exists() for path in kept)


@pytest.mark.parametrize("name", ["web", "realtime", "worker", "beat"])
def test_the_manual_tells_the_same_commands(name):
    assert shlex.join(SERVICES[name]["command"]) in MANUAL
