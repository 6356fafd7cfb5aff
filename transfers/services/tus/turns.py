"""Whose turn it is on an upload, as the request sees it that appends: of many at one offset exactly one wins."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from transfers.errors import Interrupted


class Turn:
    """From byte ``offset`` on, until somebody newer wants the upload.

    Whoever goes on where the ledger ends is let in, and what has not been entered by then is dropped: entered, those bytes
    would make the newer offset a wrong one, and of two requests none would win. Whoever goes on before that comes too late
    and stops nobody.
    """

    def __init__(self, *, offset: int, stop: Callable[[], None]) -> None:
        self._lock = Lock()
        self._stop = stop
        self._entered = offset
        self._is_taken = False
        self.is_over = False

    def end(self, offset: int | None) -> None:
        """Somebody wants the upload, to go on at ``offset`` or only to see it at rest. Called by another thread."""
        with self._lock:
            if offset is not None and offset < self._entered:
                return
            self.is_over = True
            self._is_taken = self._is_taken or offset == self._entered
        self._stop()

    def enter(self, offset: int) -> None:
        """The bytes up to ``offset`` are about to be entered. Raises ``Interrupted`` where somebody newer brings them."""
        with self._lock:
            if self._is_taken:
                raise Interrupted
            self._entered = offset
