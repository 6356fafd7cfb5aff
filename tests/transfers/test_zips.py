"""Archives by themselves: every range of them, every reader at hand, names that any system can unpack."""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from transfers.zips import Bytes, Layout, Member, zip_names

WHEN = datetime(2026, 11, 22, 18, 30, 14, tzinfo=UTC)
GIB = 1024**3


def member(name: str, content: bytes, *, modified: datetime = WHEN, crc32: int | None = -1) -> Member:
    known = zlib.crc32(content) if crc32 == -1 else crc32
    return Member(name, len(content), hashlib.sha256(content).hexdigest(), known, modified, uuid4())


def unknown(_: Member) -> int:
    raise AssertionError("Nobody needs this checksum.")


class Archive:
    """An archive with its files in memory."""

    def __init__(self, files: dict[str, bytes], crc_of: Callable[[Member], int] = unknown) -> None:
        self.files = files
        self.layout = Layout([member(name, content) for name, content in files.items()], crc_of=crc_of)
        self.opened: list[str] = []

    def read(self, start: int, stop: int) -> bytes:
        found = []
        for piece in self.layout.pieces(start, stop):
            if isinstance(piece, Bytes):
                found.append(piece.content)
            else:
                self.opened.append(piece.member.name)
                found.append(self.files[piece.member.name][piece.start : piece.start + piece.length])
        return b"".join(found)

    @property
    def whole(self) -> bytes:
        return self.read(0, self.layout.total)


FILES = {
    "plan.txt": b"a plan",
    "wing/spar.step": bytes(range(256)) * 40,
    "wing/empty": b"",
    "図面/résumé 🛩.pdf": b"drawn",
}


def test_python_reads_what_was_written() -> None:
    archive = Archive(FILES)
    assert len(archive.whole) == archive.layout.total
    with zipfile.ZipFile(io.BytesIO(archive.whole)) as found:
        assert found.testzip() is None
        assert found.namelist() == [*FILES, "SHA256SUMS"]
        assert {name: found.read(name) for name in FILES} == FILES
        entry = found.getinfo("plan.txt")
    assert (entry.compress_type, entry.date_time) == (zipfile.ZIP_STORED, (2026, 11, 22, 18, 30, 14))


def test_its_list_of_digests_is_what_sha256sum_reads(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(Archive(FILES).whole)
    with zipfile.ZipFile(tmp_path / "a.zip") as found:
        found.extractall(tmp_path)
    checked = subprocess.run(
        ("sha256sum", "--check", "--strict", "SHA256SUMS"), cwd=tmp_path, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    "command",
    [("unzip", "-q", "a.zip"), ("7z", "x", "a.zip"), ("bsdtar", "-xf", "a.zip"), ("sh", "-c", "bsdtar -xf - < a.zip")],
    ids=["unzip", "7z", "bsdtar", "bsdtar from a pipe"],
)
def test_the_programs_of_debian_unpack_it(command: Sequence[str], tmp_path: Path) -> None:
    program = "bsdtar" if command[0] == "sh" else command[0]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed: apt-get install unzip p7zip-full libarchive-tools")
    (tmp_path / "a.zip").write_bytes(Archive(FILES).whole)
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )
    assert done.returncode == 0, done.stderr
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == FILES


def test_any_range_is_cut_out_of_the_same_bytes() -> None:
    archive = Archive({**FILES, **{f"many/{number}.bin": bytes([number]) * number for number in range(30)}})
    whole, chance = archive.whole, random.Random(7)
    edges = [0, len(whole), *(chance.randrange(len(whole) + 1) for _ in range(400))]
    for _ in range(600):
        start, stop = sorted(chance.sample(edges, 2))
        assert archive.read(start, stop) == whole[start:stop]


def test_a_range_opens_only_the_files_it_needs() -> None:
    archive = Archive({f"{number}.bin": bytes(1000) for number in range(50)})
    at = archive.whole.index(b"31.bin")
    archive.opened.clear()
    archive.read(at, at + 1500)
    assert archive.opened == ["31.bin", "32.bin"]
    archive.opened.clear()
    archive.read(archive.layout.total - 1200, archive.layout.total)
    assert archive.opened == []


def test_a_checksum_that_is_not_known_is_reckoned_where_it_stands() -> None:
    asked: list[str] = []

    def crc_of(wanted: Member) -> int:
        asked.append(wanted.name)
        return zlib.crc32(FILES[wanted.name])

    old = [member(name, content, crc32=None) for name, content in FILES.items()]
    layout = Layout(old, crc_of=crc_of)
    assert (layout.total, asked) == (Archive(FILES).layout.total, [])
    at = next(at for at, piece in layout.stored(0, layout.total) if piece.member.name == "wing/spar.step")
    assert list(layout.pieces(at, at + 5))
    assert asked == []
    with_headers = b"".join(piece.content for piece in layout.pieces(0, 40) if isinstance(piece, Bytes))
    assert with_headers == Archive(FILES).read(0, 40)
    assert asked[0] == "plan.txt"


def test_the_etag_is_of_content_names_and_times() -> None:
    etag = Archive(FILES).layout.etag
    assert Archive(dict(FILES)).layout.etag == etag
    assert Archive({**FILES, "plan.txt": b"A plan"}).layout.etag != etag
    renamed = {name.title(): content for name, content in FILES.items()}
    assert Archive(renamed).layout.etag != etag
    assert Archive(dict(reversed(FILES.items()))).layout.etag != etag


@pytest.mark.parametrize("year", [1970, 1980, 2038, 2107, 2200])
def test_times_that_the_format_cannot_tell_are_brought_into_its_years(year: int) -> None:
    layout = Layout([member("x", b"1", modified=datetime(year, 5, 4, tzinfo=UTC))], crc_of=unknown)
    content = b"".join(piece.content if isinstance(piece, Bytes) else b"1" for piece in layout.pieces(0, layout.total))
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert found.getinfo("x").date_time[0] == min(max(year, 1980), 2037)


class Sparse(io.RawIOBase):
    """An archive of files full of zeros, read without making it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.layout.total)[whence]
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, size: int = -1) -> bytes:
        stop = self.layout.total if size < 0 else min(self.layout.total, self.at + size)
        pieces = self.layout.pieces(self.at, stop) if stop > self.at else ()
        found = b"".join(piece.content if isinstance(piece, Bytes) else bytes(piece.length) for piece in pieces)
        self.at += len(found)
        return found


@pytest.mark.parametrize("large", [4 * GIB - 2, 4 * GIB - 1, 4 * GIB, 5 * GIB, 6 * 1024 * GIB])
def test_more_than_four_gibibytes(large: int, tmp_path: Path) -> None:
    """Both sides of every limit: of one file, of what lies behind it, of the list of all."""
    digest = hashlib.sha256(b"").hexdigest()
    last = b"the end"
    members = [Member("large", large, digest, 0, WHEN, uuid4()), member("small", bytes(7))]
    layout = Layout(
        [*members, Member("last", 7, hashlib.sha256(last).hexdigest(), zlib.crc32(bytes(7)), WHEN, uuid4())],
        crc_of=unknown,
    )
    with zipfile.ZipFile(Sparse(layout)) as found:
        assert [entry.file_size for entry in found.infolist()][:3] == [large, 7, 7]
        assert found.read("last") == bytes(7)
        assert b"  large\n" in found.read("SHA256SUMS")
    if large > 6 * GIB or shutil.which("unzip") is None:
        return
    with (tmp_path / "a.zip").open("wb") as file:
        file.truncate(layout.total)
        at = 0
        for piece in layout.pieces(0, layout.total):
            if isinstance(piece, Bytes):
                file.seek(at)
                file.write(piece.content)
            at += len(piece.content) if isinstance(piece, Bytes) else piece.length
    # unzip 6.0 warns (1) of a file of exactly 0xFFFFFFFF bytes, and reads on.
    done = subprocess.run(("unzip", "-p", "a.zip", "last"), cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == (1 if large == 4 * GIB - 1 else 0), done.stderr
    assert done.stdout == bytes(7)


@pytest.mark.parametrize("count", [65_533, 65_534])
def test_more_entries_than_two_bytes_can_count(count: int) -> None:
    """With SHA256SUMS one more."""
    digest = hashlib.sha256(b"").hexdigest()
    layout = Layout([Member(f"{number}", 0, digest, 0, WHEN, uuid4()) for number in range(count)], crc_of=unknown)
    with zipfile.ZipFile(Sparse(layout)) as found:
        assert len(found.infolist()) == count + 1


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ([("", "a.txt"), ("", "a.txt"), ("", "a.txt")], ["a.txt", "a (2).txt", "a (3).txt"]),
        ([("", "a.txt"), ("", "A.TXT"), ("", "a (2).txt")], ["a.txt", "A (2).TXT", "a (2) (2).txt"]),
        ([("d", "x"), ("D", "X")], ["d/x", "D/X (2)"]),
        ([("", "d"), ("d", "x")], ["d (2)", "d/x"]),
        (
            [("", "SHA256SUMS"), ("", "sha256sums"), ("d", "SHA256SUMS")],
            ["SHA256SUMS (2)", "sha256sums (3)", "d/SHA256SUMS"],
        ),
        ([("../../etc", "passwd"), ("/abs//x/.", "..")], ["etc/passwd", "abs/x/file"]),
        ([("CON", "nul.txt"), ("a:b", "c?d*.txt"), ("", "e\\f")], ["_CON/_nul.txt", "a_b/c_d_.txt", "e_f"]),
        ([("", "re\u0301sume\u0301"), ("", "r\u00e9sum\u00e9")], ["r\u00e9sum\u00e9", "r\u00e9sum\u00e9 (2)"]),
        ([("", "photo\u202egpj.exe"), ("trailing. ", "dots..")], ["photogpj.exe", "trailing/dots"]),
        ([("", ".bashrc"), ("", ".bashrc")], [".bashrc", ".bashrc (2)"]),
        ([("", "stra\u00dfe"), ("", "STRASSE")], ["stra\u00dfe", "STRASSE (2)"]),
    ],
)
def test_names_are_safe_and_unique_on_every_system(files: list[tuple[str, str]], names: list[str]) -> None:
    assert zip_names(files, reserved=["SHA256SUMS"]) == names


def test_a_number_fits_into_the_longest_name() -> None:
    names = zip_names([("", "\u00e9" * 125 + ".step")] * 12)
    assert len(set(names)) == 12
    assert all(len(name.encode()) <= 255 and name.endswith(".step") for name in names)


def test_many_of_one_name_are_numbered_in_one_go() -> None:
    names = zip_names([("", "a.txt")] * 20_000)
    assert (len(set(names)), names[-1]) == (20_000, "a (20000).txt")
