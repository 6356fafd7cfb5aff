"""What of a download has arrived, over real TCP: readers that take all, a little, or nothing and go away."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from typing import cast

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import StreamingHttpResponse
from django.test import RequestFactory

from core.actor import Actor
from tests.transfers.conftest import MIB, Listener
from tests.transfers.sending import new_upload, random_bytes, store_all
from transfers.downloads.files import file_response
from transfers.models import FetchedSpan, Upload

CONTENT = random_bytes(6 * MIB)
AT_ONCE = struct.pack("ii", 1, 0)


@pytest.fixture
def upload(actor: Actor) -> Upload:
    return store_all(actor, new_upload(actor, CONTENT), CONTENT)


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's end and the reader's."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        reader.connect(listening.getsockname())
        server, _ = listening.accept()
    with server, reader:
        yield server, reader


def serve(actor: Actor, upload: Upload, server: socket.socket) -> None:
    """What gunicorn does with an answer."""
    request = RequestFactory().get("/", **{"gunicorn.socket": server})  # type: ignore[arg-type] # what gunicorn adds
    response = cast("StreamingHttpResponse", file_response(request, upload, actor=actor, filename="x"))
    request_finished.disconnect(close_old_connections)
    try:
        for block in cast("Iterator[bytes]", response.streaming_content):
            server.sendall(block)
    except ConnectionError:
        pass
    finally:
        response.close()
        request_finished.connect(close_old_connections)


def take(reader: socket.socket, most: int, taken: list[int]) -> None:
    """Read so much, then be gone without a word."""
    with contextlib.suppress(ConnectionError):
        while sum(taken) < most and (block := reader.recv(min(MIB, most - sum(taken)))):
            taken.append(len(block))
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    reader.close()


def told(listener: Listener) -> int:
    return [name for name, _ in listener.told].count("fetched")


def test_a_reader_who_takes_all_has_it(
    actor: Actor, upload: Upload, listener: Listener, line: tuple[socket.socket, socket.socket]
) -> None:
    server, reader = line
    taken: list[int] = []
    other = threading.Thread(target=take, args=(reader, len(CONTENT), taken))
    other.start()
    serve(actor, upload, server)
    other.join()
    assert (sum(taken), told(listener), FetchedSpan.objects.count()) == (len(CONTENT), 1, 0)


@pytest.mark.parametrize("most", [1, 3 * MIB, len(CONTENT) - MIB // 2])
def test_a_reader_who_goes_away_is_never_said_to_have_more_than_arrived(
    actor: Actor, upload: Upload, listener: Listener, line: tuple[socket.socket, socket.socket], most: int
) -> None:
    server, reader = line
    taken: list[int] = []
    other = threading.Thread(target=take, args=(reader, most, taken))
    other.start()
    serve(actor, upload, server)
    other.join()
    sure = [row.span.upper for row in FetchedSpan.objects.filter(is_sure=True)]
    # What the reader's system had taken in beyond what the reader took from it.
    in_between = 512 * 1024
    assert told(listener) == 0
    assert all(upper <= sum(taken) + in_between for upper in sure)


def test_the_last_bytes_in_the_kernel_are_waited_for_and_not_believed(
    actor: Actor, upload: Upload, listener: Listener, line: tuple[socket.socket, socket.socket]
) -> None:
    """Everything is written long before a slow reader has it; this one goes away with half a MiB to go."""
    server, reader = line
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MIB)
    taken: list[int] = []
    other = threading.Timer(0.5, take, args=(reader, len(CONTENT) - MIB // 2, taken))
    other.start()
    serve(actor, upload, server)
    other.join()
    assert sum(taken) == len(CONTENT) - MIB // 2
    assert told(listener) == 0
