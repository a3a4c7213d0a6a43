"""Each request leaves one line, like the lines of everything else."""

import json
import logging
from io import StringIO

import pytest
import structlog
from django.http import HttpResponse

from core import context, logs
from core.web.middleware import RequestIdMiddleware

ID = "id-of-the-proxy-42"
SURROUNDINGS = {"request_id", "source", "level", "logger", "timestamp", "event"}


def answer(rf, capsys, path="/kiln/?token=abc"):
    RequestIdMiddleware(lambda request: HttpResponse(status=418))(rf.get(path, headers={"X-Request-ID": ID}))
    return capsys.readouterr().err


def test_one_json_object_in_production(rf, capsys):
    line = json.loads(answer(rf, capsys))

    assert line.keys() == SURROUNDINGS | {"method", "route", "status", "ms"}
    assert (line["event"], line["method"], line["route"], line["status"]) == ("request", "GET", "none", 418)
    assert (line["request_id"], line["source"], line["level"], line["logger"]) == (ID, "http", "info", "requests")


def test_readable_in_development(rf, capsys, settings):
    settings.DEBUG = True

    line = answer(rf, capsys)

    assert f"request_id={ID}" in line
    assert not line.startswith("{")


def test_nothing_of_what_was_asked_but_the_route(rf, capsys):
    assert "token" not in answer(rf, capsys)


@pytest.mark.parametrize("path", ["/static/x.css", "/media/x.webp", "/health/live", "/metrics"])
def test_none_for_what_machines_ask_all_day(rf, capsys, path):
    assert answer(rf, capsys, path) == ""


def test_others_lines_have_the_same_surroundings(rf, capsys, monkeypatch):
    written = StringIO()
    handler = logging.StreamHandler(written)
    formatter = logs.configure(debug=False)["formatters"]["line"]
    handler.setFormatter(logs.LineFormatter(**{name: value for name, value in formatter.items() if name != "()"}))
    logger = logging.getLogger("kiln")
    monkeypatch.setattr(logger, "handlers", [handler])

    with context.bind(request_id=ID, source="http"):
        structlog.get_logger("kiln").warning("hot", degrees=1280)
        logger.warning("hotter")

    ours, plain = map(json.loads, written.getvalue().splitlines())
    assert ours.keys() == SURROUNDINGS | {"degrees"}
    assert plain.keys() == SURROUNDINGS
    assert (ours["request_id"], plain["request_id"], ours["logger"]) == (ID, ID, "kiln")
    assert len(ours["timestamp"]) == len(json.loads(answer(rf, capsys))["timestamp"])
