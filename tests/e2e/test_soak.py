"""A minute under fire: thirty kills. ``make soak`` does the same for as long as wished."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.content import MIB
from tests.soak.run import Plan, soak

KILLS, SENDERS = 30, 4


@pytest.mark.stack
@pytest.mark.timeout(600)
def test_no_acknowledged_byte_is_lost_while_processes_are_killed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    told = soak(Plan(seed=7, kills=KILLS, senders=SENDERS, nodes=1, largest=24 * MIB, pause=0.8), tmp_path)
    assert told.broken == []
    assert told.left_over == []
    # Each sender at least one, also where the machine is slow.
    assert told.files.total() >= SENDERS
    assert told.kills == KILLS
