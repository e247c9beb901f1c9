"""
How the daemon logs: structlog, one event a line on standard error, as JSON or for people.

Event names are fixed words; ids are bound beside them; callers' numbers, names and digits stand
only under keys that begin with `pii_`, so that whoever keeps logs can drop them by key. Values from
outside are written escaped in both forms: no caller can begin a line of his own, or colour one.
"""

import logging
import sys
from typing import TextIO

import orjson
import structlog


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
    renderer: structlog.typing.Processor
    if log_format == "json":
        shared.append(structlog.processors.dict_tracebacks)
        renderer = structlog.processors.JSONRenderer(serializer=_dumps)
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=target.isatty(),
            repr_native_str=True,
            exception_formatter=structlog.dev.plain_traceback,
        )
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
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


def _dumps(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()
