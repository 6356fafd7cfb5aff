"""Where every byte of an archive lies (PKWARE APPNOTE 6.3.10): stored members, ZIP64 where it is needed, ``SHA256SUMS`` last.

Lengths depend on names and sizes only, so that any range can be made without what comes before it.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

SUMS = "SHA256SUMS"
# Part of every ETag: another layout of the same files is another archive.
_VERSION = b"1"
_FULL_32, _FULL_16 = 0xFFFFFFFF, 0xFFFF
_NEEDS_ZIP64, _NEEDS_FOLDERS = 45, 20
_MADE_ON_UNIX = 3 << 8 | _NEEDS_ZIP64
_UTF8 = 0x0800
_PLAIN_FILE = 0o100644 << 16
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_TIME = struct.Struct("<HHBl")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")
_EARLIEST, _LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2037, 12, 31, 23, 59, 58, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Member:
    """A file to be put into an archive as ``name``. ``crc32`` is ``None`` where nobody has reckoned it yet."""

    name: str
    size: int
    sha256: str
    crc32: int | None
    modified: datetime
    upload_id: UUID | None = None
    bucket: str = ""
    storage_key: str = ""


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes of the archive itself."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes ``[start, start + length)`` of a member's file."""

    member: Member
    start: int
    length: int


class Layout:
    """The archive of ``members`` in this order. ``crc_of`` is asked for a checksum that is not known, once it is needed."""

    def __init__(self, members: Sequence[Member], *, crc_of: Callable[[Member], int]) -> None:
        self._sums = "".join(f"{member.sha256}  {member.name}\n" for member in members).encode()
        self._members = [*members, _sums_member(members, self._sums)]
        self._crc_of = crc_of
        self._offsets = array("Q", [0])
        for member in self._members:
            self._offsets.append(self._offsets[-1] + len(_local(member, 0)) + member.size)
        self._central = array("Q", [self._offsets[-1]])
        for index, member in enumerate(self._members):
            self._central.append(self._central[-1] + len(_central(member, 0, self._offsets[index])))
        self._end = _end(len(self._members), self._central[0], self._central[-1])

    @property
    def total(self) -> int:
        """The length of the archive in bytes."""
        return self._central[-1] + len(self._end)

    @property
    def etag(self) -> str:
        """Strong: the same for the same files under the same names, and for nothing else."""
        known = hashlib.sha256(_VERSION)
        for member in self._members[:-1]:
            known.update(f"{member.sha256} {member.size} {member.modified.timestamp()} {member.name}\n".encode())
        return f'"{known.hexdigest()}"'

    def pieces(self, start: int, stop: int) -> Iterator[Bytes | Stored]:
        """What bytes ``[start, stop)`` of the archive are made of, in order."""
        for piece in self._of_members(start, stop):
            if not isinstance(piece, Bytes) or piece.content:
                yield piece
        if stop > self._central[0]:
            yield from self._of_directory(start, stop)

    def stored(self, start: int, stop: int) -> Iterator[tuple[int, Stored]]:
        """The members' bytes within ``[start, stop)``, each with where it begins in the archive; empty ones too."""
        for index in self._within(start, stop):
            member, at = self._members[index], self._data_of(index)
            first, last = max(start, at), min(stop, at + member.size)
            if first < last or (not member.size and start <= at <= stop):
                yield first, Stored(member, first - at, last - first)

    def _within(self, start: int, stop: int) -> range:
        count = len(self._members)
        return range(bisect_right(self._offsets, start, hi=count) - 1, bisect_right(self._offsets, stop, hi=count))

    def _data_of(self, index: int) -> int:
        return self._offsets[index + 1] - self._members[index].size

    def _of_members(self, start: int, stop: int) -> Iterator[Bytes | Stored]:
        for index in self._within(start, stop):
            member, at, data = self._members[index], self._offsets[index], self._data_of(index)
            if start < data and at < stop:
                yield Bytes(_local(member, self._crc(member))[max(0, start - at) : stop - at])
            first, last = max(start, data), min(stop, data + member.size)
            if first >= last:
                continue
            if member.upload_id is None:
                yield Bytes(self._sums[first - data : last - data])
            else:
                yield Stored(member, first - data, last - first)

    def _of_directory(self, start: int, stop: int) -> Iterator[Bytes]:
        count = len(self._members)
        for index in range(max(0, bisect_right(self._central, start, hi=count) - 1), count):
            at, after = self._central[index], self._central[index + 1]
            if at >= stop:
                return
            if start < after:
                member = self._members[index]
                entry = _central(member, self._crc(member), self._offsets[index])
                yield Bytes(entry[max(0, start - at) : stop - at])
        at = self._central[-1]
        if stop > at:
            yield Bytes(self._end[max(0, start - at) : stop - at])

    def _crc(self, member: Member) -> int:
        return self._crc_of(member) if member.crc32 is None else member.crc32


def _sums_member(members: Sequence[Member], content: bytes) -> Member:
    newest = max((member.modified for member in members), default=_EARLIEST)
    digest = hashlib.sha256(content).hexdigest()
    return Member(SUMS, len(content), digest, zlib.crc32(content), newest)


def _local(member: Member, crc: int) -> bytes:
    name, is_large = member.name.encode(), member.size >= _FULL_32
    extra = struct.pack("<2H2Q", 1, 16, member.size, member.size) if is_large else b""
    extra += _unix_time(member)
    size = _FULL_32 if is_large else member.size
    needs = _NEEDS_ZIP64 if is_large else _NEEDS_FOLDERS
    fixed = _LOCAL.pack(b"PK\3\4", needs, _UTF8, 0, *_dos_time(member), crc, size, size, len(name), len(extra))
    return fixed + name + extra


def _central(member: Member, crc: int, offset: int) -> bytes:
    name, is_large, is_far = member.name.encode(), member.size >= _FULL_32, offset >= _FULL_32
    wide = [member.size, member.size] if is_large else []
    wide += [offset] if is_far else []
    extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    extra += _unix_time(member)
    size = _FULL_32 if is_large else member.size
    needs = _NEEDS_ZIP64 if wide else _NEEDS_FOLDERS
    fixed = _CENTRAL.pack(
        b"PK\1\2", _MADE_ON_UNIX, needs, _UTF8, 0, *_dos_time(member), crc, size, size,
        len(name), len(extra), 0, 0, 0, _PLAIN_FILE, _FULL_32 if is_far else offset,
    )  # fmt: skip
    return fixed + name + extra


def _end(count: int, start: int, stop: int) -> bytes:
    size = stop - start
    small = _END.pack(
        b"PK\5\6", 0, 0, min(count, _FULL_16), min(count, _FULL_16), min(size, _FULL_32), min(start, _FULL_32), 0
    )
    if count < _FULL_16 and size < _FULL_32 and start < _FULL_32:
        return small
    made, needs = _MADE_ON_UNIX, _NEEDS_ZIP64
    large = _END_64.pack(b"PK\6\6", _END_64.size - 12, made, needs, 0, 0, count, count, size, start)
    return large + _LOCATOR.pack(b"PK\6\7", 0, stop, 1) + small


def _shown(member: Member) -> datetime:
    return min(max(member.modified.astimezone(UTC), _EARLIEST), _LATEST)


def _dos_time(member: Member) -> tuple[int, int]:
    at = _shown(member)
    return at.hour << 11 | at.minute << 5 | at.second // 2, (at.year - 1980) << 9 | at.month << 5 | at.day


def _unix_time(member: Member) -> bytes:
    return _TIME.pack(0x5455, 5, 1, int(_shown(member).timestamp()))
