"""A kept manifest against the database: what its seals alone cannot show."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core import audit
from core.audit import manifests, signing
from tests.core.test_audit import triggers_off
from tests.core.test_audit_export import archive, parts, write

pytestmark = pytest.mark.django_db(transaction=True)


def command(*arguments: str | Path, key: str = "") -> str:
    out = StringIO()
    call_command("audit", "verify", *map(str, arguments), key=key, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """An export of a chain of five events, whose archive somebody kept."""
    write(5)
    (tmp_path / "kept.zip").write_bytes(archive())
    return tmp_path / "kept.zip"


def test_the_trail_still_begins_with_what_was_exported(kept: Path, tmp_path: Path) -> None:
    assert "still begins with the 5 event(s)" in command(kept)
    assert "0 since" in command(kept)
    write(2)
    (tmp_path / "manifest.json").write_text(json.dumps(parts(kept.read_bytes())[2]))
    assert "2 since" in command(tmp_path / "manifest.json")


REWRITE = """
DO $$
DECLARE
    row record;
    before bytea := decode(repeat('00', 32), 'hex');
BEGIN
    FOR row IN SELECT s.id AS seal, e AS event FROM core_auditseal s JOIN core_auditevent e ON e.id = s.event_id
        WHERE s.chain = '00000000-0000-0000-0000-000000000007' ORDER BY s.position
    LOOP
        before := sha256(before || core_audit_material(row.event));
        UPDATE core_auditseal SET digest = before WHERE id = row.seal;
    END LOOP;
END $$
"""
CHANGE = "UPDATE core_auditevent SET reason = 'nicer' WHERE data->>'n' = '2' AND organization_id IS NOT NULL"
CUT_OFF = (
    "DELETE FROM core_auditseal WHERE position = 5 AND chain = '00000000-0000-0000-0000-000000000007'",
    "DELETE FROM core_auditevent e WHERE NOT EXISTS (SELECT 1 FROM core_auditseal s WHERE s.event_id = e.id)",
)


@pytest.mark.parametrize(
    ("statements", "words"),
    [((CHANGE, REWRITE), "is not what was exported"), (CUT_OFF, "is missing, which was there")],
    ids=["rewritten with right seals", "end cut off"],
)
def test_a_kept_manifest_shows_what_the_seals_alone_cannot(statements: tuple[str, ...], words: str, kept: Path) -> None:
    with triggers_off(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    assert audit.verify().faults == ()
    with kept.open("rb") as file:
        faults = manifests.compare(manifests.read(file)).faults
    assert any(words in fault for fault in faults)
    with pytest.raises(CommandError, match="fault"):
        command(kept)


def test_the_command_refuses_what_is_no_manifest_and_one_of_another_key(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "nonsense.json").write_text("{]")
    with pytest.raises(CommandError, match="no manifest"):
        command(tmp_path / "nonsense.json")
    with pytest.raises(CommandError, match="cannot be read"):
        command(tmp_path / "missing.json")
    with pytest.raises(CommandError, match="1 fault"):
        command(kept, key=signing._text(bytes(32)))
    _, _, document = parts(kept.read_bytes())
    document["manifest"]["chains"][0]["head_position"] = 4
    (tmp_path / "bent.json").write_text(json.dumps(document))
    with pytest.raises(CommandError, match="1 fault"):
        command(tmp_path / "bent.json")


def test_the_command_tells_the_public_key() -> None:
    out = StringIO()
    call_command("audit", "key", stdout=out)
    assert out.getvalue().strip() == signing.public_key()
