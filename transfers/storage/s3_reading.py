"""Bytes of one object, taken up again wherever the store broke off."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transfers.storage.errors import NoSuchObject, StoreUnavailable
from transfers.storage.s3_errors import Translated
from transfers.storage.s3_lines import Answer, LeftToOthers, Lines

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

BLOCK = 1024**2
# In a row, with less than a block between them.
READ_TRIES = 4


@dataclass(frozen=True, slots=True)
class Place:
    bucket: str
    key: str
    start: int
    length: int


class S3Reading:
    """``Reading`` over S3: by ``lines`` where there are some, else and for what they leave to others by ``reader``."""

    def __init__(self, place: Place, *, lines: Lines | None, reader: Callable[[], S3Client]) -> None:
        self._place = place
        self._lines = lines
        self._reader = reader
        self._asked: Answer | None = None

    def begin(self) -> None:
        """Send the request. What goes wrong with it is found out, and tried again, by who reads."""
        if self._lines is None or not self._place.length:
            return
        try:
            self._asked = self._ask(self._lines, self._place.start)
        except StoreUnavailable as error:
            logger.info("Asking for %s ahead failed: %s", self._place.key, error)

    def blocks(self) -> Generator[bytes]:
        place = self._place
        done = failed_at = failures = 0
        try:
            while done < place.length:
                try:
                    for block in self._answered(place.start + done):
                        done += len(block)
                        yield block
                    if done < place.length:
                        raise NoSuchObject(f"{place.key} ends after {place.start + done} bytes")
                except StoreUnavailable as error:
                    failures = 1 if done - failed_at > BLOCK else failures + 1
                    failed_at = done
                    if failures >= READ_TRIES:
                        raise
                    logger.warning("Reading %s broke off after %d bytes (%s); taken up again.", place.key, done, error)
        finally:
            self.close()

    def close(self) -> None:
        """Give up what was asked for and not read."""
        if self._asked is not None:
            self._asked.close()
            self._asked = None

    def _answered(self, first: int) -> Iterator[bytes]:
        if self._lines is None:
            yield from self._by_boto3(first)
            return
        asked, self._asked = self._asked or self._ask(self._lines, first), None
        with closing(asked):
            try:
                yield from asked.blocks(BLOCK)
            except LeftToOthers:
                yield from self._by_boto3(first)

    def _ask(self, lines: Lines, first: int) -> Answer:
        return lines.ask(self._place.bucket, self._place.key, first, self._last)

    def _by_boto3(self, first: int) -> Iterator[bytes]:
        with Translated():
            answer = self._reader().get_object(
                Bucket=self._place.bucket, Key=self._place.key, Range=f"bytes={first}-{self._last}"
            )
            with closing(answer["Body"]) as body:
                while block := body.read(BLOCK):
                    yield block

    @property
    def _last(self) -> int:
        return self._place.start + self._place.length - 1
