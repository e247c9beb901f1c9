"""The daemon's log: one event a line in both forms, whatever a stranger put into a value."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from cti.logs import set_up_logs

HOSTILE = "a\r\n2026-01-01T00:00:00Z [info] forged \x1b[31mred\x9b1m\x00\u2028\u202eb\udc80"
CONTROLS = frozenset("\r\x1b\x9b\x00\x7f\u2028\u2029")


@pytest.fixture(autouse=True)
def _loggers_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def refuse() -> None:
    raise ValueError(HOSTILE)


def fail(log: structlog.stdlib.BoundLogger) -> None:
    try:
        refuse()
    except ValueError:
        log.exception("failed")


def logged(form: str, tell: Callable[[structlog.stdlib.BoundLogger], object]) -> str:
    stream = io.StringIO()
    set_up_logs(form, "info", stream=stream)
    tell(structlog.get_logger("tests"))
    return stream.getvalue()


def in_json(tell: Callable[[structlog.stdlib.BoundLogger], object]) -> dict[str, object]:
    text = logged("json", tell)

    assert text.count("\n") == 1
    assert CONTROLS.isdisjoint(text)
    line = json.loads(text)
    assert isinstance(line, dict)
    return line


def test_a_json_line_holds_the_event_its_level_its_time_and_its_values() -> None:
    line = in_json(lambda log: log.info("call_arrived", call_id="c1", pii_number="0301", waited=2))

    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {
        "event": "call_arrived",
        "level": "info",
        "call_id": "c1",
        "pii_number": "0301",
        "waited": 2,
    }


def test_what_is_bound_to_the_task_stands_in_every_line() -> None:
    def tell(log: structlog.stdlib.BoundLogger) -> None:
        with structlog.contextvars.bound_contextvars(call_id="c1"):
            log.info("offer_made")

    assert in_json(tell)["call_id"] == "c1"


def test_a_hostile_value_comes_through_json_unharmed_and_harmless() -> None:
    assert in_json(lambda log: log.info("heard", pii_name=HOSTILE))["pii_name"] == HOSTILE


def test_a_chinese_name_stays_readable_in_both_forms() -> None:
    for form in ("json", "console"):
        assert "陈晓" in logged(form, lambda log: log.info("heard", pii_name="陈晓"))


def test_a_value_that_json_does_not_know_is_written_as_text() -> None:
    line = in_json(lambda log: log.info("heard", number=2**70, what={1}, where=ValueError("x")))

    assert (line["number"], line["what"], line["where"]) == (2**70, "{1}", "x")


def test_an_exception_is_one_json_line() -> None:
    line = in_json(fail)

    assert line["event"] == "failed"
    assert "ValueError" in json.dumps(line["exception"])


def test_a_hostile_value_stays_on_its_line_for_people() -> None:
    text = logged("console", lambda log: log.info("heard", pii_name=HOSTILE))

    assert text.count("\n") == 1
    assert CONTROLS.isdisjoint(text)
    assert r"\x1b[31mred" in text


def test_another_librarys_message_cannot_begin_a_line() -> None:
    def tell(_: structlog.stdlib.BoundLogger) -> None:
        logging.getLogger("some.library").warning("bad header: %s", HOSTILE)

    text = logged("console", tell)

    assert text.count("\n") == 1
    assert CONTROLS.isdisjoint(text)
    assert str(in_json(tell)["event"]).startswith("bad header: a\r\n2026")


def test_an_exceptions_text_cannot_pass_for_a_log_line() -> None:
    first, *others = logged("console", fail).splitlines()

    assert "failed" in first
    assert all(line.startswith("    ") for line in others)
    assert CONTROLS.isdisjoint("".join(others))


def test_what_is_below_the_level_is_not_logged() -> None:
    for form in ("json", "console"):
        assert logged(form, lambda log: log.debug("detail")) == ""


def test_colours_are_for_terminals_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    set_up_logs("console", "info", stream=terminal)
    structlog.get_logger("tests").info("heard")

    assert "\x1b[" in terminal.getvalue()
    assert "\x1b[" not in logged("console", lambda log: log.info("heard"))
