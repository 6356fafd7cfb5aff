"""Sending a file: what is made of the gateway's ledger, and of what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from mag_sft import sending
from mag_sft.errors import Refusal
from mag_sft.gateway import Gateway
from mag_sft.progress import Silence
from mag_sft.sending import Options

CONTENT = bytes(range(250))
PART = 100


class Ledger:
    """A gateway of parts of 100 bytes, into which a request that had broken off has put the first 60 of part 2 unseen."""

    address = "https://gateway.example"

    def __init__(self) -> None:
        self.held: set[tuple[int, int, int]] = set()
        self.is_overtaken = True

    def create(self, _fields: dict[str, Any]) -> dict[str, Any]:
        return self._described()

    def describe(self, _upload_id: str, **_: object) -> dict[str, Any]:
        return self._described()

    def put(
        self, _origin: str, _upload_id: str, number: int, body: bytes, *, start: int, part_length: int, **_: object
    ) -> None:
        if number == 2 and self.is_overtaken:
            self.is_overtaken = False
            self.held.add((2, 0, 60))
            raise Refusal(409, {"code": "range_overlaps", "message": "Cut in another way."})
        assert body == CONTENT[(number - 1) * PART + start :][: len(body)]
        self.held.add((number, start, len(body)))

    def complete(self, _upload_id: str) -> dict[str, Any]:
        if sum(size for *_, size in self.held) < len(CONTENT):
            raise Refusal(409, {"code": "parts_missing"})
        return {**self._described(), "state": "stored"}

    def _described(self) -> dict[str, Any]:
        pieces = [{"number": number, "start": start, "size": size} for number, start, size in self.held]
        return {"id": "u", "name": "a", "state": "receiving", "part_size": PART, "part_count": 3, "pieces": pieces}


def test_what_was_there_cut_in_another_way_is_passed_and_the_rest_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = tmp_path / "a"
    file.write_bytes(CONTENT)
    ledger = Ledger()
    options = Options(connections=2, patience=5, wait=False)
    sent = sending.send(cast("Gateway", ledger), file, options=options, progress=lambda _name, _size: Silence())
    assert sent.state == "stored"
    assert ledger.held == {(1, 0, 100), (2, 0, 60), (2, 60, 40), (3, 0, 50)}
