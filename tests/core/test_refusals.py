"""What somebody is not allowed to do is told by the audit trail: once for each request, and not without end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from accounts.models import User
from core import throttles
from core.audit import refusals
from core.models import AuditEvent, Outcome
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return worlds.build()


@pytest.fixture
def employee(world: World, client: Client) -> Client:
    client.force_login(world.employee.user)
    return client


def refused() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action="core.request.refuse").order_by("at"))


def test_a_page_beyond_ones_role_is_one_event_with_who_what_where_and_outcome(world: World, employee: Client) -> None:
    answer = employee.get(
        f"/administration/users/{world.approver.pk}/", REMOTE_ADDR="203.0.113.77", HTTP_X_REQUEST_ID="request-0077"
    )
    assert answer.status_code == 403
    (event,) = refused()
    assert (event.actor_id, event.organization_id, event.ip) == (
        world.employee.user_id,
        world.aurora.pk,
        "203.0.113.77",
    )
    assert (event.outcome, event.request_id) == (Outcome.REFUSED, "request-0077")
    assert "Organization Administrator" in event.reason
    assert event.data == {"method": "GET", "page": "orgs:user", "object": str(world.approver.pk)}


def test_the_same_page_within_ones_role_is_none(world: World, client: Client) -> None:
    client.force_login(world.inviter.user)
    assert client.get(f"/administration/users/{world.approver.pk}/").status_code == 200
    assert client.get("/administration/users/00000000-0000-0000-0000-000000000000/").status_code == 404
    assert refused() == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda browser: browser.get("/administration/users/", HTTP_ACCEPT="application/json"),
        lambda browser: browser.post("/administration/users/add/", {}),
        lambda browser: browser.get("/sft/contacts/?q=x", HTTP_ACCEPT="application/json"),
    ],
    ids=["JSON instead of a page", "a form", "a lookup"],
)
def test_programs_and_forms_are_told_of_too(ask: Callable[[Client], Any], employee: Client) -> None:
    assert ask(employee).status_code == 403
    assert len(refused()) == 1


def test_what_the_back_office_refuses_is_one_event(client: Client, clerk: User) -> None:
    assert client.get("/admin/core/mail/add/").status_code == 403
    (event,) = refused()
    assert (event.actor_id, event.organization_id, event.data["page"]) == (clerk.pk, None, "admin:core_mail_add")


def test_a_refusal_that_a_service_recorded_is_not_told_twice(employee: Client) -> None:
    """Opening an application without access is told as that."""
    before = AuditEvent.objects.count()
    assert employee.get("/applications/sft/open/").status_code == 403
    (event,) = AuditEvent.objects.order_by("at")[before:]
    assert (event.action, event.outcome) == ("sft.application.open", Outcome.REFUSED)


def test_a_form_that_had_been_open_too_long_is_no_authorisation_failure(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.inviter.user)
    assert browser.post("/administration/users/add/", {}).status_code == 403
    assert refused() == []


def test_the_trail_is_not_filled_by_one_who_tries_and_tries(world: World, employee: Client) -> None:
    most = refusals.LIMIT.item.amount
    for _ in range(most + 5):
        assert employee.get("/administration/users/").status_code == 403
    assert len(refused()) == most
    other = Client()
    other.force_login(world.approver.user)
    assert other.get("/administration/users/").status_code == 403
    assert len(refused()) == most + 1


def test_without_the_store_of_limits_refusals_are_recorded(employee: Client, settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    throttles._limiter.cache_clear()
    try:
        assert employee.get("/administration/users/").status_code == 403
    finally:
        throttles._limiter.cache_clear()
    assert len(refused()) == 1


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_recorded_is_refused_all_the_same_and_rings_the_alarm(
    employee: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditevent ADD CONSTRAINT closed CHECK (action = '') NOT VALID")
    try:
        assert employee.get("/administration/users/").status_code == 403
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE core_auditevent DROP CONSTRAINT closed")
    assert refused() == []
    assert [record.levelname for record in caplog.records if "could not be recorded" in record.message] == ["ERROR"]


def test_the_secret_of_a_link_is_not_in_the_event(world: World, client: Client) -> None:
    """A link's secret stands in the path: events name the page instead."""
    client.force_login(world.employee.user)
    client.get("/administration/users/")
    assert "/administration/" not in str(refused()[0].data)
