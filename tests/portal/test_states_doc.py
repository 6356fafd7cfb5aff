"""docs/states.md is generated and current."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from core import states
from mag_portal.management.commands import states_doc


def test_the_page_in_the_repository_is_current() -> None:
    call_command("states_doc", check=True)


def test_a_stale_page_fails_until_it_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "states.md"
    page.write_text("old")
    monkeypatch.setattr(states_doc, "PAGE", page)
    with pytest.raises(CommandError, match="not current"):
        call_command("states_doc", check=True)
    call_command("states_doc", stdout=StringIO())
    call_command("states_doc", check=True)
    for machine in states.machines():
        for move in machine.transitions:
            assert f"`{move.action}`" in page.read_text()
