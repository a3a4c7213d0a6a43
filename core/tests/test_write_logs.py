"""A line of the log is written from what it holds, says the same as the library's way, and hides what is secret."""

import json
import logging

import pytest
import structlog

from core import logs


def handled(write) -> list[logging.LogRecord]:
    """The records of a logger that `write` is given, as handlers get them."""
    found: list[logging.LogRecord] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record)

    logger = logging.getLogger("test.lines")
    handler = Keep()
    logger.addHandler(handler)
    try:
        write(structlog.get_logger("test.lines"), logger)
    finally:
        logger.removeHandler(handler)
    return found


def formatter(kind: type[structlog.stdlib.ProcessorFormatter]) -> structlog.stdlib.ProcessorFormatter:
    line = logs.configure(debug=False)["formatters"]["line"]
    return kind(processors=line["processors"], foreign_pre_chain=line["foreign_pre_chain"])


def fail(log: structlog.stdlib.BoundLogger, plain: logging.Logger) -> None:
    try:
        int("too hot")
    except ValueError:
        log.exception("kiln_failed", password="celadon")


@pytest.mark.parametrize(
    "write",
    [
        lambda log, plain: log.info("kiln_fired", degrees=1260, by=("bea", "tom"), since=object),
        lambda log, plain: log.warning("kiln_fired", token="celadon"),
        fail,
    ],
)
def test_a_line_is_what_the_library_writes(write):
    [record] = handled(write)

    ours, theirs = (
        formatter(kind).format(record) for kind in (logs.LineFormatter, structlog.stdlib.ProcessorFormatter)
    )

    assert json.loads(ours) == json.loads(theirs)
    assert "celadon" not in ours
    assert "kiln" in record.msg["event"], "others may read it after us"


def test_lines_of_libraries_are_written_too():
    [record] = handled(lambda log, plain: plain.error("%s is %s", "kiln", {"too": "hot"}))

    line = json.loads(formatter(logs.LineFormatter).format(record))

    assert (line["event"], line["level"], line["logger"]) == ("kiln is {'too': 'hot'}", "error", "test.lines")


def test_a_dictionary_that_a_library_writes_is_its_text():
    [record] = handled(lambda log, plain: plain.error({"too": "hot"}))

    assert json.loads(formatter(logs.LineFormatter).format(record))["event"] == "{'too': 'hot'}"


def test_where_a_line_stands_in_the_code_is_not_looked_up():
    [record] = handled(lambda log, plain: log.info("kiln_fired"))

    assert (record.lineno, record.threadName, record.process) == (0, None, None)
