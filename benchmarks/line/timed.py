"""How the near end of a line speaks to the bench: one JSON document a line, the clock beginning with the first.

``{"begun": true}``, then ``{"seconds", "whole"}`` with ``bytes`` where this end counts them. What was cut off goes on until
the bench has answered with a line: it counts meanwhile what has arrived.
"""

from __future__ import annotations

import json
import sys
import time


class Clock:
    """Starts, and tells so, when it is made."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        _say(begun=True)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def whole(self, count: int) -> None:
        """So many bytes were acknowledged, and no more are to come."""
        _say(seconds=self.seconds, whole=True, bytes=count)

    def cut(self, count: int | None = None) -> None:
        """It takes too long: return once the bench has seen what has arrived; ``count`` where this end knows it."""
        _say(seconds=self.seconds, whole=False, **({} if count is None else {"bytes": count}))
        sys.stdin.readline()


def _say(**document: object) -> None:
    print(json.dumps(document), flush=True)
