"""Dashboard, alerts and their document speak of metrics that exist, by labels that exist, and leave none out."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from core.metrics import definitions, prometheus

ROOT = Path(__file__).resolve().parents[3]
NAME = re.compile(r"\bagora_[a-z_]+")
LABELS = re.compile(r"\bby \(([a-z_, ]+)\)|[{,]\s*([a-z_]+)\s*=~?")
PROMETHEUS = {"le", "job", "instance"}


def alerts() -> dict[str, str]:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    return {rule["alert"]: rule["expr"] for group in rules["groups"] for rule in group["rules"]}


def panels() -> dict[str, str]:
    board = json.loads((ROOT / "deploy/grafana/agora.json").read_text())
    return {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in board["panels"]
        for target in panel.get("targets", [])
    }


EXPRESSIONS = {**alerts(), **panels()}


@pytest.fixture
def told(db, settings) -> dict[str, set[str]]:
    """The samples /metrics prints, each with its labels, once everything has happened once."""
    from shop.tests.factories import paid

    paid()
    settings.ROLE = "web"
    definitions.count_request("GET", "shop/", 500, 0.1)
    definitions.count_task("core.heartbeat", "FAILURE", 0.1)
    definitions.count_task_wait(0.0)
    families = text_string_to_metric_families(prometheus.text().decode())
    return {
        sample.name: set(sample.labels)
        for family in families
        for sample in family.samples
        if sample.name.startswith("agora_")
    }


def test_every_alert_and_panel_reads_metrics_that_are_told(told):
    wrong = {
        where: [name for name in NAME.findall(expression) if name not in told]
        for where, expression in EXPRESSIONS.items()
    }

    assert {where: names for where, names in wrong.items() if names} == {}
    assert len(alerts()) >= 11
    assert len(panels()) >= 20


def test_every_label_they_choose_by_is_there(told):
    wrong = {}
    for where, expression in EXPRESSIONS.items():
        there = PROMETHEUS.union(*(told.get(name, set()) for name in NAME.findall(expression)))
        asked = {label.strip() for found in LABELS.findall(expression) for label in "".join(found).split(",")}
        if asked - there:
            wrong[where] = asked - there

    assert wrong == {}


def test_the_document_names_every_metric_and_every_alert_and_no_other(told):
    document = (ROOT / "docs/monitoring.md").read_text()
    families = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in told if not name.endswith("_created")}

    assert set(re.findall(r"`(agora_[a-z_]+)`", document)) == families
    assert re.findall(r"^### (\w+)$", document, re.MULTILINE) == list(alerts())


def test_every_alert_says_how_bad_it_is_and_what_happened():
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())

    for rule in rules["groups"][0]["rules"]:
        assert rule["labels"]["severity"] in {"page", "note"}
        assert rule["annotations"]["summary"]
        assert re.fullmatch(r"\d+m", rule["for"])


def test_no_target_is_labelled_like_a_sample(told):
    """Prometheus would put the target's label in the place of the sample's, and alerts would no longer tell them apart."""
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    given = {label for target in config["scrape_configs"][0]["static_configs"] for label in target["labels"]}

    assert given.isdisjoint(set().union(*told.values()))


def test_the_configuration_asks_where_the_processes_tell():
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]

    assert config["rule_files"] == ["alerts.yml"]
    for target in config["scrape_configs"][0]["static_configs"]:
        name, port = target["targets"][0].split(":")
        started = f"{compose[name]['command']} {compose[name]['environment']}"
        assert port in started, f"{name} does not listen on {port}"
