"""What is shown while bytes travel: a bar on a terminal, nothing where nobody looks."""

from __future__ import annotations

import sys
from typing import Protocol

from tqdm import tqdm


class Progress(Protocol):
    def add(self, count: int) -> None:
        """So many more bytes are at their destination."""

    def say(self, words: str) -> None:
        """What is being waited for, in a few words."""

    def close(self) -> None: ...


class Bar:
    """A bar with speed and time left, in powers of 1024, on standard error."""

    def __init__(self, name: str, size: int) -> None:
        self._bar = tqdm(total=size, desc=name[:40], unit="B", unit_scale=True, unit_divisor=1024, file=sys.stderr)

    def add(self, count: int) -> None:
        self._bar.update(count)

    def say(self, words: str) -> None:
        self._bar.set_postfix_str(words)

    def close(self) -> None:
        self._bar.close()


class Silence:
    def add(self, count: int) -> None:
        pass

    def say(self, words: str) -> None:
        pass

    def close(self) -> None:
        pass


def shown(name: str, size: int, *, wanted: bool) -> Progress:
    """A bar where it is wanted and standard error is a terminal."""
    return Bar(name, size) if wanted and sys.stderr.isatty() else Silence()
