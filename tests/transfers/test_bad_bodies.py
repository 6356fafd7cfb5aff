"""What a client may get wrong, or do on purpose, with the bytes it sends: against gunicorn on a socket.

Starting gunicorn takes seconds, so each test sends many.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.actor import Actor
from tests.transfers.sending import files_in, sha256
from tests.transfers.test_upload_pool import CONTENT, PART_16, Pool, actor, piece, pool, secret, upload
from transfers.digests import content_digest
from transfers.models import Part, Piece, Upload

__all__ = ["actor", "pool", "secret", "upload"]
LAST = piece(3)


@pytest.fixture(autouse=True)
def _short_patience(worker_environment: dict[str, str]) -> None:
    worker_environment["UPLOAD_STALL_SECONDS"] = "1"


@dataclass
class Line:
    """One connection, written to as it stands."""

    port: int

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def send(self, path: str, headers: Mapping[str, str], body: bytes = b"") -> None:
        lines = [f"PUT {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def answer(self) -> tuple[int, dict[str, object]]:
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        text = response.read()
        self.closes = response.will_close
        is_json = response.headers.get_content_type() == "application/json"
        return response.status, json.loads(text) if is_json else {}

    def is_over(self) -> bool:
        """The gateway ends the connection, whatever it says before; a time-out fails the test."""
        with contextlib.suppress(ConnectionError):
            while self.socket.recv(4096):
                pass
        return True


def headers_of(body: bytes, secret: str, **other: str) -> dict[str, str]:
    said = {
        "Authorization": f"Bearer {secret}",
        "Content-Digest": content_digest(sha256(body)),
        "Content-Length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in other.items()},
    }
    return {name: value for name, value in said.items() if value}


def test_whatever_a_body_claims_only_the_announced_bytes_are_taken(
    pool: Pool, upload: Upload, secret: str, staging: Path
) -> None:
    path = f"/transfers/uploads/{upload.id}/parts/3/"
    chunked = {"Content_Length": "", "Transfer_Encoding": "chunked"}
    refused: dict[str, tuple[dict[str, str], bytes, int, str]] = {
        "announced longer than it is": (headers_of(LAST, secret, Content_Length="4"), LAST, 422, "wrong_length"),
        "announced shorter than it is": (headers_of(LAST, secret, Content_Length="2"), LAST, 422, "wrong_length"),
        "chunked": (headers_of(LAST, secret, **chunked), b"3\r\n" + LAST + b"\r\n0\r\n\r\n", 411, "length_required"),
        "both lengths": (headers_of(LAST, secret, Transfer_Encoding="chunked"), LAST, 400, ""),
        "two lengths": (headers_of(LAST, secret, Content_Length="3, 3"), LAST, 400, ""),
        "a negative length": (headers_of(LAST, secret, Content_Length="-3"), LAST, 400, ""),
        "no length": (headers_of(LAST, secret, Content_Length=""), LAST, 411, "length_required"),
        "no digest": (headers_of(LAST, secret, Content_Digest=""), LAST, 422, "digest_required"),
        "another digest": (headers_of(b"abd", secret), LAST, 422, "digest_mismatch"),
        "half a range": (headers_of(LAST, secret, Content_Range="bytes 0-1/3"), LAST, 422, "wrong_length"),
        "another range": (headers_of(LAST, secret, Content_Range="bytes 1-3/3"), LAST, 422, "wrong_length"),
        "no range": (headers_of(LAST, secret, Content_Range="0-2/3"), LAST, 422, "range_malformed"),
        "another token": (headers_of(LAST, "x" * 43), LAST, 401, "token_unknown"),
        "an unknown expectation": (headers_of(LAST, secret, Expect="the impossible"), LAST, 417, ""),
    }
    for name, (headers, body, status, code) in refused.items():
        line = Line(pool.port)
        line.send(path, headers, body)
        got, document = line.answer()
        assert (name, got, document.get("code", "")) == (name, status, code)
    assert not Part.objects.exists()
    assert not staging.exists() or files_in(staging) == []
    line = Line(pool.port)
    line.send(path, headers_of(LAST, secret), LAST + b"trailing garbage\r\n\r\n")
    assert line.answer()[0] == 201
    assert line.is_over()
    part = Part.objects.get()
    assert (part.number, part.sha256) == (3, sha256(LAST))


def test_a_client_that_waits_to_be_asked_is_refused_before_it_sends(pool: Pool, upload: Upload, secret: str) -> None:
    path = f"/transfers/uploads/{upload.id}/parts/3/"
    line = Line(pool.port)
    line.send(path, headers_of(LAST, "x" * 43, Expect="100-continue"))
    assert line.answer()[0] == 401
    assert line.closes
    assert line.is_over()
    line = Line(pool.port)
    for expected in (201, 200):
        line.send(path, headers_of(LAST, secret, Expect="100-Continue"))
        assert line.socket.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.socket.sendall(LAST)
        assert line.answer()[0] == expected
        assert not line.closes


def test_a_line_that_brings_nothing_ends_and_a_slow_one_does_not(
    pool: Pool, upload: Upload, secret: str, staging: Path
) -> None:
    first = piece(1)[: 2**18]
    path = f"/transfers/uploads/{upload.id}/parts/1/"
    said = {"Content_Range": f"bytes 0-{len(first) - 1}/{PART_16}"}
    silent = Line(pool.port)
    silent.send(path, headers_of(first, secret, **said), first[:-1])
    began = time.monotonic()
    assert silent.answer()[0] == 400
    assert 0.5 < time.monotonic() - began < 10
    assert silent.is_over()
    assert not Piece.objects.exists()
    assert files_in(staging) == []
    slow = Line(pool.port)
    slow.send(path, headers_of(first, secret, **said))
    step = len(first) // 8
    for start in range(0, len(first), step):
        slow.socket.sendall(first[start : start + step])
        time.sleep(0.3)
    status, document = slow.answer()
    assert (status, document["state"], document["size"]) == (201, "partial", len(first))
    assert Piece.objects.get().sha256 == sha256(CONTENT[: len(first)])


def test_ranges_over_several_lines_make_a_part(pool: Pool, upload: Upload, secret: str, actor: Actor) -> None:
    path = f"/transfers/uploads/{upload.id}/parts/3/"
    for first, last, state in ((1, 1, "partial"), (0, 0, "partial"), (2, 2, "staged")):
        body = LAST[first : last + 1]
        line = Line(pool.port)
        line.send(path, headers_of(body, secret, Content_Range=f"bytes {first}-{last}/3"), body)
        status, document = line.answer()
        assert (status, document["start"], document["state"]) == (201, first, state)
    line = Line(pool.port)
    line.send(path, headers_of(LAST[:2], secret, Content_Range="bytes 0-1/3"), LAST[:2])
    status, document = line.answer()
    assert (status, document["code"]) == (409, "range_overlaps")
    assert document["ranges"] == [[0, 1], [1, 1], [2, 1]]
