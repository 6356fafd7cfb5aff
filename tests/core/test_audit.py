"""The audit trail: what it holds, and that nobody can bend it unseen."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import audit
from core.actor import Actor, ActorKind
from core.models import AuditEvent, AuditSeal, Outcome

ACTOR = Actor.system("test")
ORGANIZATION = uuid.UUID(int=7)


def write(count: int = 1, **facts: object) -> list[AuditEvent]:
    with transaction.atomic():
        return [audit.record(ACTOR, "test.thing.done", **facts) for _ in range(count)]  # type: ignore[arg-type]


@contextmanager
def triggers_off() -> Iterator[None]:
    """What only the owner of the tables can do, and what the seals are there to show."""
    tables = ("core_auditevent", "core_auditseal")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            yield
        finally:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_a_mistake_of_the_code() -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        audit.record(ACTOR, "test.thing.done")


@pytest.mark.django_db
def test_an_event_says_who_what_where_and_how_it_ended() -> None:
    actor = Actor(
        kind=ActorKind.USER,
        label="smithj_4821",
        user_id=uuid.UUID(int=1),
        organization_id=ORGANIZATION,
        ip="2001:db8::1",
        request_id="abcdefgh",
    )
    event = audit.record(actor, "test.thing.refused", outcome=Outcome.REFUSED, reason="no right", data={"n": 1})
    event.refresh_from_db()
    assert (event.actor_label, event.actor_id, event.organization_id) == ("smithj_4821", actor.user_id, ORGANIZATION)
    assert (event.ip, event.request_id, event.outcome, event.reason) == (
        "2001:db8::1",
        "abcdefgh",
        "refused",
        "no right",
    )


@pytest.mark.django_db(transaction=True)
def test_an_event_vanishes_with_the_transaction_that_it_tells_about() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        audit.record(ACTOR, "test.thing.done")
        raise ZeroDivisionError
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditevent SET reason = 'other'",
        "DELETE FROM core_auditevent",
        "TRUNCATE core_auditevent CASCADE",
        "UPDATE core_auditseal SET position = 9",
        "DELETE FROM core_auditseal",
        "TRUNCATE core_auditseal",
    ],
)
def test_the_database_refuses_to_change_or_remove(statement: str) -> None:
    write()
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(statement)
    assert audit.verify().faults == ()


@pytest.mark.django_db(transaction=True)
def test_every_organisation_has_a_chain_of_its_own_without_gaps() -> None:
    write(3)
    write(2, organization_id=ORGANIZATION)
    write(1)
    chains = AuditSeal.objects.values_list("chain", "position").order_by("chain", "position")
    assert list(chains) == [
        *((AuditSeal.OPERATOR_CHAIN, position) for position in (1, 2, 3, 4)),
        *((ORGANIZATION, position) for position in (1, 2)),
    ]
    assert audit.verify() == audit.Verification(events=6, chains=2, faults=())


@pytest.mark.django_db(transaction=True)
def test_parallel_transactions_over_several_chains_end_in_whole_chains_without_deadlock() -> None:
    def work(number: int) -> None:
        try:
            with transaction.atomic():
                for step in range(4):
                    audit.record(ACTOR, "test.thing.done", organization_id=uuid.UUID(int=1 + (number + step) % 3))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    assert audit.verify() == audit.Verification(events=96, chains=3, faults=())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        ("UPDATE core_auditevent SET reason = 'nicer' WHERE id = %(third)s", "does not match"),
        ("UPDATE core_auditevent SET data = '{\"n\": 2}' WHERE id = %(third)s", "does not match"),
        ("UPDATE core_auditevent SET at = at - interval '1 microsecond' WHERE id = %(third)s", "does not match"),
        ("UPDATE core_auditevent SET organization_id = %(third)s WHERE id = %(third)s", "does not match"),
        ("DELETE FROM core_auditseal WHERE event_id = %(third)s", "is missing"),
        (
            "DELETE FROM core_auditseal WHERE event_id = %(third)s; DELETE FROM core_auditevent WHERE id = %(third)s",
            "is missing",
        ),
        (
            (
                "UPDATE core_auditseal SET position = 103 WHERE position = 3;"
                "UPDATE core_auditseal SET position = 3 WHERE position = 4;"
                "UPDATE core_auditseal SET position = 4 WHERE position = 103"
            ),
            "does not match",
        ),
    ],
    ids=["reason", "data", "time", "chain", "seal removed", "event removed", "reordered"],
)
def test_verify_finds_what_the_owner_of_the_tables_bent(tampering: str, fault: str) -> None:
    third = write(5, data={"n": 1})[2]
    with triggers_off(), connection.cursor() as cursor:
        for statement in tampering.split(";"):
            cursor.execute(statement, {"third": third.id})
    faults = audit.verify().faults
    assert faults
    assert any(fault in sentence for sentence in faults)


@pytest.mark.django_db(transaction=True)
def test_verify_finds_an_event_that_was_slipped_in_without_a_seal() -> None:
    write(2)
    with triggers_off():
        write()
    assert audit.verify().faults == ("1 event(s) carry no seal.",)


@pytest.mark.django_db(transaction=True)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    reason=st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    data=st.dictionaries(
        st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    ),
)
def test_any_text_and_any_json_seals_and_verifies(reason: str, data: dict[str, object]) -> None:
    write(reason=reason, data=json.loads(json.dumps(data)))
    assert audit.verify().faults == ()


@pytest.mark.django_db(transaction=True)
def test_the_command_says_that_all_holds_or_fails() -> None:
    event = write(2)[0]
    out = StringIO()
    call_command("audit", "verify", stdout=out)
    assert "2 event(s) in 1 chain(s)" in out.getvalue()
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute("UPDATE core_auditevent SET actor_label = 'somebody' WHERE id = %s", [event.id])
    with pytest.raises(CommandError, match="1 fault"):
        call_command("audit", "verify", stderr=StringIO())
