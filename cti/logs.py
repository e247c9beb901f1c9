"""
How the daemon logs: structlog, one event a line on standard error, as JSON or for people.

Event names are fixed words; ids are bound beside them; callers' numbers, names and digits stand
only under keys that begin with `pii_`, so that whoever keeps logs can drop them by key. Values from
outside are written escaped in both forms: no caller can begin a line of his own, or colour one. In
the form for people a traceback has lines of its own, all of them indented.
"""

import io
import json
import logging
import re
import sys
from typing import TextIO

import orjson
import structlog

_TERMINAL_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029]")
"""What JSON leaves as it is, and terminals obey or take for a line's end."""
_INDENT = "    "


def set_up_logs(log_format: str, level: str, *, stream: TextIO | None = None) -> None:
    """
    Send structlog's and the standard library's logs to `stream`, standard error by default.

    `log_format` is `json` or `console`, `level` a level's name.
    """
    target = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderers: list[structlog.typing.Processor]
    if log_format == "json":
        shared.append(structlog.processors.dict_tracebacks)
        renderers = [structlog.processors.JSONRenderer(serializer=_dumps)]
    else:
        console = structlog.dev.ConsoleRenderer(
            colors=target.isatty(), repr_native_str=True, exception_formatter=_write_traceback
        )
        renderers = [_escape_event, console]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


def _dumps(event: object, **_: object) -> str:
    try:
        text = orjson.dumps(event, default=str).decode()
    except TypeError:  # half of a surrogate pair, a number beyond 64 bits: the library's own can
        text = json.dumps(event, default=str)
    return _TERMINAL_CONTROLS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _escape_event(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Escape the event's text: ours are fixed words, other libraries quote in theirs."""
    event["event"] = _escaped(str(event["event"]))
    return event


def _write_traceback(target: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    """Write a traceback whose messages, which may quote anything, cannot pass for log lines."""
    text = io.StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    lines = text.getvalue().removesuffix("\n").split("\n")
    target.write("\n".join(f"{_INDENT}{_escaped(line)}" for line in lines))


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
