"""deploy/nginx.conf at work: the real nginx before the real pools, on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import socket
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import Scope
from accounts.proofs import Proof
from accounts.services import access_tokens
from core.actor import Actor
from orgs.models import Membership
from sft.models import FileDownload, Package
from sft.services import delivery
from tests.deploy.conftest import Gateway
from tests.deploy.nginx import Nginx
from tests.sft import world as worlds
from tests.sft.uploading import some_bytes, store_for_real
from tests.sft.world import World, acting, draft
from tests.transfers.tus.speaking import BYTES, Speaker
from transfers.digests import content_digest
from transfers.models import AwaitedReceipt, FetchedSpan, Part, Upload
from transfers.services import receipt_logs, tokens, uploads
from transfers.storage import store

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 1024**2
PART = 5 * MIB
CONTENT = some_bytes(2 * PART + 3)


@pytest.fixture(autouse=True)
def _as_the_pools_see_it(gateway: Gateway, settings: LazySettings, tmp_path: Path) -> None:
    settings.STAGING_DIR = tmp_path
    settings.UPLOAD_PART_BYTES = PART
    settings.NODE_NAME = "here"
    settings.RECEIPTS_DIR = str(gateway.nginx.receipts)


@pytest.fixture
def world(transactional_db: None) -> World:
    return worlds.build()


def proved(member: Membership) -> Actor:
    proofs = frozenset({Proof.PASSWORD, Proof.PASSKEY})
    return acting(member).at(ip=None, request_id="", proofs=proofs)


def program_of(member: Membership) -> str:
    """An access token."""
    scopes = [Scope.FILES_SEND, Scope.FILES_FETCH]
    return access_tokens.create(proved(member), user=member.user, name="Program", scopes=scopes)[1]


def eventually(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if happened():
            return
        time.sleep(0.02)
    raise AssertionError(what)


# --- Bytes on their way in ----------------------------------------------------------------------------------------
class Sender:
    """Somebody who sends the parts of one upload over lines of their own."""

    def __init__(self, member: Membership) -> None:
        self.actor = proved(member)
        self.upload = uploads.create(self.actor, subject=None, name="spar.step", size=len(CONTENT))
        self.secret = tokens.grant(self.actor, upload=self.upload).secret

    def body(self, number: int) -> bytes:
        return CONTENT[(number - 1) * PART : number * PART]

    def head(self, number: int, *, secret: str = "", length: int | None = None) -> bytes:
        body = self.body(number)
        digest = content_digest(hashlib.sha256(body).hexdigest())
        lines = (
            f"PUT /transfers/uploads/{self.upload.pk}/parts/{number}/ HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {secret or self.secret}",
            f"Content-Digest: {digest}",
            f"Content-Length: {len(body) if length is None else length}",
        )
        return "\r\n".join([*lines, "", ""]).encode()


@contextlib.contextmanager
def line_to(nginx: Nginx) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=20) as line:
        yield line


def answer_on(line: socket.socket) -> tuple[int, http.client.HTTPMessage, bytes]:
    response = http.client.HTTPResponse(line)
    response.begin()
    return response.status, response.headers, response.read()


def staged(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir()) if folder.exists() else 0


def is_staged(folder: Path, least: int) -> bool:
    return staged(folder) >= least


def test_parts_arrive_while_they_are_being_sent(gateway: Gateway, world: World) -> None:
    sender = Sender(world.sender)
    for number in (1, 2, 3):
        body = sender.body(number)
        half = len(body) // 2
        more = staged(gateway.staging) + min(half, MIB)
        with line_to(gateway.nginx) as line:
            line.sendall(sender.head(number) + body[:half])
            eventually(partial(is_staged, gateway.staging, more), "nginx keeps the body to itself")
            line.sendall(body[half:])
            assert answer_on(line)[0] == 201
    assert [part.size for part in Part.objects.order_by("number")] == [PART, PART, 3]


def test_an_early_refusal_is_read_by_who_is_still_sending(gateway: Gateway, world: World) -> None:
    sender = Sender(world.sender)
    with line_to(gateway.nginx) as line:
        line.sendall(sender.head(1, secret="wrong") + sender.body(1))
        status, _, body = answer_on(line)
    assert (status, json.loads(body)["code"]) == (401, "token_unknown")


def test_a_program_that_asks_first_is_told_to_go_on(gateway: Gateway, world: World) -> None:
    sender = Sender(world.sender)
    with line_to(gateway.nginx) as line:
        line.sendall(sender.head(3).replace(b"Host:", b"Expect: 100-continue\r\nHost:"))
        assert line.recv(1000).startswith(b"HTTP/1.1 100 ")
        line.sendall(sender.body(3))
        assert answer_on(line)[0] == 201


def test_tus_keeps_what_had_come_when_the_line_broke(gateway: Gateway, world: World) -> None:
    speaker = Speaker(gateway.nginx.port, program_of(world.sender))
    path = speaker.create(len(CONTENT))
    headers = speaker.headers(Upload_Offset=0, Content_Type=BYTES, Content_Length=len(CONTENT), Host="127.0.0.1")
    head = "\r\n".join([f"PATCH {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""])
    before = staged(gateway.staging)
    with line_to(gateway.nginx) as line:
        line.sendall(head.encode() + CONTENT[: PART + MIB])
        eventually(partial(is_staged, gateway.staging, before + PART + 1), "nginx keeps the body to itself")
    eventually(lambda: speaker.head(path).offset > PART, "The durable prefix is lost.")
    offset = speaker.head(path).offset
    done = speaker.ask("PATCH", path, CONTENT[offset:], Upload_Offset=offset, Content_Type=BYTES)
    assert (done.status, done.offset) == (204, len(CONTENT))


# --- Limits -------------------------------------------------------------------------------------------------------
def is_cut(line: socket.socket) -> bool:
    """The other side has ended the line, by itself, and within a few seconds."""
    line.settimeout(6)
    with contextlib.suppress(ConnectionError):
        while line.recv(1000):
            pass
    return True


def test_who_sends_the_headers_too_slowly_is_cut(gateway: Gateway) -> None:
    with line_to(gateway.strict) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        assert is_cut(line)


def test_who_stops_in_the_body_is_cut_and_others_are_not(gateway: Gateway, world: World) -> None:
    sender = Sender(world.sender)
    with line_to(gateway.strict) as line:
        line.sendall(sender.head(1) + sender.body(1)[:MIB])
        assert is_cut(line)
    with line_to(gateway.strict) as line:
        line.sendall(sender.head(1) + sender.body(1))
        assert answer_on(line)[0] == 201


def test_too_many_lines_of_one_address_are_told_to_wait(gateway: Gateway, world: World) -> None:
    sender = Sender(world.sender)
    with contextlib.ExitStack() as lines:
        for number in (1, 2):
            line = lines.enter_context(line_to(gateway.strict))
            line.sendall(sender.head(number) + sender.body(number)[:100])
        time.sleep(0.2)
        third = lines.enter_context(line_to(gateway.strict))
        third.sendall(sender.head(3) + sender.body(3))
        status, headers, body = answer_on(third)
    assert (status, headers["Retry-After"], json.loads(body)["code"]) == (429, "10", "too_many_connections")


@pytest.mark.parametrize(
    ("request_head", "status", "code"),
    [
        (b"POST /sft/packages/new/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n", 413, "too_large"),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address_too_long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 40_000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: two\r\n\r\n", 400, "bad_request"),
    ],
    ids=["body", "address", "headers", "nonsense"],
)
def test_what_nginx_refuses_programs_can_read(gateway: Gateway, request_head: bytes, status: int, code: str) -> None:
    with line_to(gateway.nginx) as line:
        line.sendall(request_head)
        told, headers, body = answer_on(line)
    assert (told, headers["Content-Type"]) == (status, "application/json")
    document = json.loads(body)
    assert (document["code"], document["request_id"]) == (code, headers["X-Request-ID"])


def test_people_are_told_in_a_page(gateway: Gateway) -> None:
    with line_to(gateway.nginx) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nContent-Length: 3000000\r\n\r\n")
        status, headers, body = answer_on(line)
    assert (status, headers["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert b"Files are sent in parts" in body


# --- Bytes on their way out ---------------------------------------------------------------------------------------
class Reader:
    """A program of the package's recipient."""

    def __init__(self, gateway: Gateway, member: Membership, package: Package) -> None:
        self.nginx = gateway.nginx
        self.package = package
        self.bearer = {"Authorization": f"Bearer {program_of(member)}"}

    def path(self, name: str) -> str:
        return f"/transfers/uploads/{self.package.files.get(name=name).upload_id}/content/"

    def begin(self, path: str, **headers: str) -> http.client.HTTPResponse:
        line = http.client.HTTPConnection("127.0.0.1", self.nginx.port, timeout=20)
        line.request("GET", path, headers={**self.bearer, **headers})
        return line.getresponse()

    def fetch(self, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        response = self.begin(path, **headers)
        return response, response.read()


def receipts_read() -> int:
    """How many of the receipts that are awaited nginx has told of by now."""
    awaited = AwaitedReceipt.objects.count()
    eventually(lambda: bool(receipt_logs.read()) or not AwaitedReceipt.objects.exists(), "nginx tells nothing")
    return awaited - AwaitedReceipt.objects.count()


LARGE = some_bytes(12 * MIB)


@pytest.fixture
def package(world: World) -> Package:
    package = draft(world)
    for name, content in (("large.bin", LARGE), ("small.txt", b"small"), ("empty", b"")):
        store_for_real(world, package, content, name=name)
    return delivery.send(acting(world.sender), package=package)


@pytest.fixture
def reader(gateway: Gateway, world: World, package: Package) -> Reader:
    return Reader(gateway, world.recipient, package)


def downloaded() -> set[str]:
    return set(FileDownload.objects.values_list("file__name", flat=True))


def test_nginx_gives_the_file_with_the_portals_headers_and_tells_that_it_did(reader: Reader) -> None:
    response, body = reader.fetch(reader.path("large.bin"))
    assert (response.status, body) == (200, LARGE)
    headers = response.headers
    digest = hashlib.sha256(LARGE).hexdigest()
    for name, value in {
        "ETag": f'"{digest}"',
        "Repr-Digest": content_digest(digest),
        "Content-Length": str(len(LARGE)),
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store, no-transform",
        "Content-Disposition": "attachment; filename=\"large.bin\"; filename*=UTF-8''large.bin",
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    }.items():
        assert headers.get_all(name) == [value]
    told = {name.lower() for name in headers}
    assert not {name for name in told if name.startswith("x-amz")}
    assert not told & {"x-receipt", "x-accel-redirect", "x-store-range", "last-modified", "set-cookie"}
    assert downloaded() == set()
    assert receipts_read() == 1
    assert downloaded() == {"large.bin"}


def test_a_download_resumed_twice_is_a_receipt_and_one_with_a_hole_is_none(reader: Reader) -> None:
    path, etag = reader.path("large.bin"), f'"{hashlib.sha256(LARGE).hexdigest()}"'
    cuts = [0, 5 * MIB, 9 * MIB, len(LARGE)]
    for start, stop in ((cuts[0], cuts[1]), (cuts[2], cuts[3])):
        response, body = reader.fetch(path, Range=f"bytes={start}-{stop - 1}", **{"If-Range": etag})
        assert (response.status, body) == (206, LARGE[start:stop])
        assert response.headers.get_all("Content-Range") == [f"bytes {start}-{stop - 1}/{len(LARGE)}"]
        receipts_read()
    assert downloaded() == set()
    reader.fetch(path, Range=f"bytes={cuts[1]}-{cuts[2] - 1}")
    receipts_read()
    assert downloaded() == {"large.bin"}


def test_a_download_that_was_broken_off_is_no_receipt_until_it_was_gone_on_with(reader: Reader) -> None:
    path = reader.path("large.bin")
    response = reader.begin(path)
    have = len(response.read(MIB))
    response.close()
    receipts_read()
    assert (downloaded(), FetchedSpan.objects.filter(is_sure=True).count()) == (set(), 0)
    _, rest = reader.fetch(path, Range=f"bytes={have}-")
    assert rest == LARGE[have:]
    receipts_read()
    assert downloaded() == {"large.bin"}


def test_an_archive_is_a_receipt_for_each_of_its_files(gateway: Gateway, world: World, package: Package) -> None:
    browser = Client()
    browser.force_login(world.recipient.user)
    line = http.client.HTTPConnection("127.0.0.1", gateway.nginx.port, timeout=20)
    cookie = f"session={browser.cookies['session'].value}"
    line.request("GET", f"/sft/packages/{package.pk}/zip/", headers={"Cookie": cookie})
    response = line.getresponse()
    body = response.read()
    assert (response.status, len(body)) == (200, int(response.headers["Content-Length"]))
    with zipfile.ZipFile(BytesIO(body)) as archive:
        assert archive.read("large.bin") == LARGE
    assert response.headers["X-Receipt"] is None
    assert downloaded() == set()
    receipts_read()
    assert downloaded() == {"large.bin", "small.txt", "empty"}


def test_nobody_gets_in_where_only_nginx_may(gateway: Gateway, package: Package) -> None:
    """Not with the store's own signature either."""
    upload = Upload.objects.get(pk=package.files.get(name="large.bin").upload_id)
    address = urlsplit(store().presign_get(upload.storage_key, lifetime=timedelta(minutes=1), for_us=True).url)
    for path, expected in ((f"/.object-store{address.path}?{address.query}", 503), ("/.refused/503", 404)):
        with line_to(gateway.nginx) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            assert answer_on(line)[0] == expected


def test_what_the_store_says_is_not_for_the_reader(reader: Reader, package: Package) -> None:
    file = package.files.get(name="large.bin")
    Upload.objects.filter(pk=file.upload_id).update(storage_key="uploads/not-there")
    response, body = reader.fetch(reader.path("large.bin"))
    assert (response.status, json.loads(body)["code"], response.headers["Retry-After"]) == (503, "unavailable", "30")
    assert response.headers.get_all("Content-Type") == ["application/json"]
    assert "Content-Disposition" not in response.headers
