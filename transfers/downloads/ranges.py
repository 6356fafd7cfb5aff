"""Which bytes of a body a request asks for (RFC 9110, 14): one range, or the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``[start, start + length)`` of a body of ``total``; ``is_partial`` when a range was asked for."""

    start: int
    length: int
    total: int
    is_partial: bool = False

    @property
    def stop(self) -> int:
        return self.start + self.length

    @property
    def headers(self) -> dict[str, str]:
        described = {"Content-Length": str(self.length)}
        if self.is_partial:
            described["Content-Range"] = f"bytes {self.start}-{self.stop - 1}/{self.total}"
        return described


class Unsatisfiable(Exception):
    """No byte of the body lies in the range asked for."""


def asked_of(request: HttpRequest, *, total: int, etag: str) -> Span:
    """What the request wants of a body of ``total`` bytes that is known by ``etag``.

    Several ranges, a range that cannot be read and one of another version (``If-Range``) mean the whole. Raises
    ``Unsatisfiable``.
    """
    whole = Span(0, total, total)
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or match[0] == "bytes=-" or not total or request.headers.get("If-Range", etag) not in {etag, ""}:
        return whole
    if not match[1]:
        length = min(int(match[2]), total)
        start = total - length
    else:
        start = int(match[1])
        last = min(int(match[2]), total - 1) if match[2] else total - 1
        if match[2] and int(match[2]) < start:
            return whole
        length = last - start + 1
    if length <= 0:
        raise Unsatisfiable
    return Span(start, length, total, is_partial=True)
