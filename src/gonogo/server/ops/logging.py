"""Structured logs: write one JSON object a line with the request id, and nothing that could hold a secret."""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
from datetime import UTC, datetime
from pathlib import Path


class JsonLogFormatter(logging.Formatter):
    """JSON formatter of log records.

    Keys: `at`, `level`, `logger`, `message`, and where known `request_id`, `method`, `route`, `status`, `ms`, `error`,
    `audit_heads`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if hasattr(record, "request_id"):
            line["request_id"] = record.request_id
        line |= getattr(record, "request", {})
        if hasattr(record, "audit_heads"):
            line["audit_heads"] = record.audit_heads
        if record.exc_info and record.exc_info[0] is not None:
            # The stack without the message: a database's message may repeat what somebody sent.
            line["error"] = record.exc_info[0].__name__
            line["at_line"] = _innermost_calls(record)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(target: str | None, level: str = "info") -> None:
    """Sends the server's log to the file `target`, or to standard error (`None` or `-`).

    A file that was moved away (log rotation) is created again. Messages of uvicorn go the same way.
    """
    handler: logging.Handler
    if target in (None, "-"):
        handler = logging.StreamHandler(sys.stderr)
    else:
        path = Path(str(target))
        path.touch(mode=0o600)
        handler = logging.handlers.WatchedFileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLogFormatter())
    # The heads of the audit log are there to be kept, whatever else is.
    for name, least in (("gonogo", level.upper()), ("gonogo.audit", "INFO"), ("uvicorn", "WARNING")):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(least)
        logger.propagate = False


def _innermost_calls(record: logging.LogRecord) -> list[str]:
    """The innermost calls, outermost first: file, line and function."""
    assert record.exc_info is not None
    calls = []
    trace = record.exc_info[2]
    while trace is not None:
        code = trace.tb_frame.f_code
        calls.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return calls[-6:]
