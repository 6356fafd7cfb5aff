"""Back office → Audit trail: search over all organisations, one event, export, checks; and nothing that changes events."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from django.contrib import admin
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.models import User
from core import audit, back_office
from core.actor import Actor
from core.audit import checks
from core.models import AuditCheck, AuditEvent, AuditSeal, Outcome
from core.tasks import check_audit_trail
from orgs.models import Organization, OrganizationState
from tests.core.test_audit import triggers_off

pytestmark = pytest.mark.django_db
TRAIL = "/admin/core/auditevent/"
CHECKS = f"{TRAIL}checks/"


@pytest.fixture
def aurora() -> Organization:
    return Organization.objects.create(legal_name="Aurora Aerospace", country="US", state=OrganizationState.ACTIVE)


def happen(action: str = "orgs.organization.edit", **facts: Any) -> AuditEvent:
    with transaction.atomic():
        return audit.record(Actor.system("test"), action, **facts)


def found(client: Client, **asked: str) -> list[AuditEvent]:
    return [line.event for line in client.get(TRAIL, asked).context["lines"]]


def exported(client: Client, query: str = "") -> tuple[list[dict[str, Any]], dict[str, Any]]:
    answer = client.post(f"{TRAIL}export/?{query}", {"format": "jsonl"})
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as file:  # type: ignore[attr-defined]
        lines = file.read("events.jsonl").splitlines()
        return [json.loads(line) for line in lines], json.loads(file.read("manifest.json"))["manifest"]


def test_staff_read_all_and_narrow_it_to_one_organisation_or_to_the_operator(
    client: Client, clerk: User, aurora: Organization
) -> None:
    theirs, ours = happen(organization_id=aurora.pk), happen("orgs.holiday.add")
    assert {theirs, ours} <= set(found(client))
    assert found(client, organization=aurora.organization_id) == [theirs]
    assert found(client, organization=aurora.legal_name.upper()) == [theirs]
    assert ours in found(client, organization="Operator")
    assert theirs not in found(client, organization="operator")
    assert "Aurora Aerospace" in client.get(TRAIL).content.decode()


def test_an_organisation_that_there_is_not_is_said_beside_its_field(client: Client, clerk: User) -> None:
    answer = client.get(TRAIL, {"organization": "Nobody Ltd"})
    assert answer.status_code == 422
    assert "Enter an Organization ID" in answer.content.decode()


def test_staff_find_everything_about_a_person(client: Client, clerk: User) -> None:
    about, by = happen("accounts.password.change", target=clerk), AuditEvent(pk=uuid.uuid4())
    with transaction.atomic():
        by = audit.record(Actor.system("x"), "orgs.holiday.add", data={})
    assert found(client, q=clerk.user_id.upper()) == [about]
    assert found(client, q=clerk.email) == [about]
    assert found(client, q=clerk.full_name) == [about]
    assert by in found(client, q="system: x")


@pytest.mark.django_db(transaction=True)
def test_an_event_has_a_page(client: Client, clerk: User) -> None:
    event = happen(reason="because", data={"seen": True, "nested": {"a": [1, 2]}}, outcome=Outcome.FAILED)
    page = client.get(f"{TRAIL}{event.pk}/change/").content.decode()
    seal = AuditSeal.objects.get(event=event)
    for words in ("because", "Organization Profile changed", bytes(seal.digest).hex(), "a: 1, 2", "Failed"):
        assert words in page
    assert client.get(f"{TRAIL}{uuid.uuid4()}/change/").status_code == 404
    assert client.get(f"{TRAIL}nonsense/change/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_staff_export_all_or_a_selection(client: Client, clerk: User, aurora: Organization) -> None:
    happen(organization_id=aurora.pk)
    happen("orgs.holiday.add")
    rows, manifest = exported(client)
    assert {str(aurora.pk), str(AuditSeal.OPERATOR_CHAIN)} == {row["chain"] for row in rows}
    assert (manifest["whole"], manifest["scope"]) == (True, "everything")
    rows, manifest = exported(client, f"organization={aurora.organization_id}")
    assert {str(aurora.pk)} == {row["chain"] for row in rows}
    assert manifest["whole"] is True
    rows, manifest = exported(client, "area=settings")
    assert [row["action"] for row in rows] == ["orgs.holiday.add"]
    assert manifest["whole"] is False
    events = AuditEvent.objects.filter(action="core.audit.export")
    assert [event.actor_label for event in events] == [clerk.user_id] * 3


@pytest.mark.parametrize("wrong", ["organization=ORG-0000-0000", "since=yesterday", "area=nonsense"])
def test_what_is_not_understood_exports_nothing(client: Client, clerk: User, wrong: str) -> None:
    """A slip in the Organization ID must not hand out the events of everybody."""
    answer = client.post(f"{TRAIL}export/?{wrong}", {"format": "jsonl"})
    assert answer.status_code == 422
    assert "nothing was exported" in answer.content.decode()
    assert not AuditEvent.objects.filter(action="core.audit.export").exists()


def test_nobody_changes_or_removes_an_event_here(client: Client, clerk: User) -> None:
    event = happen()
    model_admin = admin.site._registry[AuditEvent]
    request = client.get(TRAIL).wsgi_request
    assert not model_admin.has_add_permission(request)
    assert not model_admin.has_change_permission(request, event)
    assert not model_admin.has_delete_permission(request, event)
    assert client.get(f"{TRAIL}{event.pk}/delete/").status_code == 403
    assert client.post(f"{TRAIL}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{TRAIL}add/").status_code == 403
    client.post(f"{TRAIL}{event.pk}/change/", {"reason": "other"})
    assert AuditEvent.objects.get(pk=event.pk).reason == ""
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(reason="other")


def test_others_do_not_get_in(client: Client, clerk: User) -> None:
    event = happen()
    paths = [("get", TRAIL), ("get", f"{TRAIL}{event.pk}/change/"), ("get", CHECKS), ("post", f"{TRAIL}export/")]
    for method, path in paths:
        assert getattr(client, method)(path, {"format": "csv"} if method == "post" else {}).status_code == 200
    User.objects.filter(pk=clerk.pk).update(is_staff=False)
    for method, path in paths:
        assert getattr(client, method)(path).status_code in {302, 403}
        assert getattr(Client(), method)(path).status_code == 302


# --- Checks ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr("core.wakeups.now", lambda _task, *args, **_: calls.append(args[0]))
    return calls


@pytest.mark.django_db(transaction=True)
def test_a_check_is_asked_for_once_run_by_a_worker_and_kept(client: Client, clerk: User, woken: list[str]) -> None:
    happen()
    assert client.post(CHECKS).status_code == 302
    assert client.post(CHECKS).status_code == 302
    (check,) = AuditCheck.objects.all()
    assert "Waits for a worker" in client.get(CHECKS).content.decode()
    assert AuditEvent.objects.filter(action="core.audit.check", actor_label=clerk.user_id).count() == 2
    check_audit_trail(str(check.pk))
    check_audit_trail(str(check.pk))
    check.refresh_from_db()
    assert (check.asked_by, check.fault_count, check.chains) == (clerk.user_id, 0, 1)
    assert check.events == AuditSeal.objects.count()
    assert "All seals hold" in client.get(CHECKS).content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_clock_checks_too_and_a_fault_is_shown_and_rings_the_alarm(
    client: Client, clerk: User, caplog: pytest.LogCaptureFixture
) -> None:
    event = happen()
    check_audit_trail()
    assert checks.faults_of_latest() == 0
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute("UPDATE core_auditevent SET reason = 'nicer' WHERE id = %s", [event.pk])
    check_audit_trail()
    assert checks.faults_of_latest() == 1
    assert "does not match its seal" in client.get(CHECKS).content.decode()
    assert "1 fault" in client.get(TRAIL).content.decode()
    assert [record.levelname for record in caplog.records if "tampered" in record.message] == ["CRITICAL"]
    waiting = {entry.label: entry.count for entry in back_office.waiting(Actor.system("test"))}
    assert waiting["Faults in the audit trail"] == 1
