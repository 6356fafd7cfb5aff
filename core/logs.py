"""Log lines: one line an event, with the request id, no control characters that could forge another line, and no secrets."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")
# Links in mails carry their secret in the path (``core.tokens``: 43 characters of base64url), and Django logs paths.
_SECRET = re.compile(r"(?<=/)[^/\s?]*?[A-Za-z0-9_-]{43}[^/\s?]*")


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class OneLineFormatter(logging.Formatter):
    """Escapes control characters in the message and masks the secrets of links; a traceback keeps its lines below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        line = _SECRET.sub("-", super().formatMessage(record)).replace("\n", "\\n")
        return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", line)
