"""Administration → Audit trail: who sees which events, how they are found, and what is exported."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.services import people
from core import audit
from core.actor import Actor
from core.models import AuditEvent, Outcome
from orgs import access
from orgs.books import Book
from orgs.models import Membership, Role
from orgs.services import memberships
from tests.orgs import world as worlds
from tests.orgs.world import World
from tests.sft.counting import queries_of

pytestmark = pytest.mark.django_db
TRAIL = "/administration/audit-trail/"
Browser = Callable[[Any], Client]


@pytest.fixture
def browser(browser_of: Browser, world: World) -> Client:
    """The Organization Administrator's."""
    return browser_of(world.inviter)


def happen(world: World, action: str = "orgs.membership.suspend", **facts: Any) -> AuditEvent:
    with transaction.atomic():
        facts = {"organization_id": world.aurora.pk, **facts}
        return audit.record(
            facts.pop("actor", worlds.acting(world.inviter)), action, facts.pop("target", None), **facts
        )


def shown(browser: Client, **asked: str) -> str:
    answer = browser.get(TRAIL, asked)
    assert answer.status_code == 200
    return str(answer.content.decode())


def rows(browser: Client, **asked: str) -> list[str]:
    return [line.what for line in browser.get(TRAIL, asked).context["lines"]]


def exported(browser: Client, query: str = "", form: str = "jsonl") -> tuple[list[dict[str, Any]], dict[str, Any]]:
    answer = browser.post(f"{TRAIL}export/?{query}", {"format": form})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"].startswith('attachment; filename="audit-trail-')
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as file:  # type: ignore[attr-defined]
        lines = file.read("events.jsonl").splitlines()
        return [json.loads(line) for line in lines], json.loads(file.read("manifest.json"))["manifest"]


def test_an_administrator_reads_what_happened_in_words(browser: Client, world: World) -> None:
    happen(world, target=world.employee, reason="left us", outcome=Outcome.REFUSED)
    page = shown(browser)
    assert "Member suspended" in page
    assert str(world.employee.user) in page
    assert worlds.acting(world.inviter).label in page
    assert "Refused" in page


@pytest.mark.parametrize("who", ["approver", "employee"])
def test_the_trail_is_for_organization_administrators(who: str, world: World, browser_of: Browser) -> None:
    event = happen(world)
    paths = [("get", TRAIL), ("get", f"{TRAIL}{event.pk}/"), ("post", f"{TRAIL}export/")]
    for method, path in paths:
        assert getattr(browser_of(world.inviter), method)(path, {"format": "csv"}).status_code == 200
        assert getattr(browser_of(getattr(world, who)), method)(path, {"format": "csv"}).status_code == 403
        assert getattr(Client(), method)(path).status_code == 302


def test_another_organisations_administrator_finds_nothing_of_it(world: World, browser_of: Browser) -> None:
    event = happen(world, reason="a matter of ours")
    stranger = browser_of(world.stranger)
    assert "a matter of ours" not in shown(stranger)
    assert stranger.get(f"{TRAIL}{event.pk}/").status_code == 404
    assert stranger.get(f"{TRAIL}{uuid4()}/").status_code == 404
    chains = {row["chain"] for row in exported(stranger)[0]}
    assert chains <= {str(world.elsewhere.pk)}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "olivia"}, False),
        ({"q": "OA"}, True),
        ({"q": "MAIL"}, True),
        ({"q": "TARGET"}, True),
        ({"q": "203.0.113.77"}, True),
        ({"q": "203.0.113.78"}, False),
        ({"q": "request-77"}, True),
        ({"area": "people"}, True),
        ({"area": "invitations"}, False),
        ({"outcome": "refused"}, True),
        ({"outcome": "done"}, False),
        ({"since": "2026-03-01", "until": "2026-03-01"}, True),
        ({"since": "2026-03-02"}, False),
        ({"until": "2026-02-28"}, False),
    ],
)
def test_events_are_found_by_person_address_request_kind_outcome_and_day(
    asked: dict[str, str], found: bool, world: World, browser: Client
) -> None:
    stand_ins = {
        "OA": world.inviter.user.user_id,
        "MAIL": world.employee.user.email.upper(),
        "TARGET": str(world.employee.pk),
    }
    actor = worlds.acting(world.inviter).at(ip="203.0.113.77", request_id="request-77")
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False):
        event = happen(world, actor=actor, target=world.employee, outcome=Outcome.REFUSED)
    wanted = {name: stand_ins.get(value, value) for name, value in asked.items()}
    events = [line.event.pk for line in browser.get(TRAIL, wanted).context["lines"]]
    assert (event.pk in events) is found


def test_a_day_is_one_of_the_zone_that_the_reader_has(world: World, browser: Client) -> None:
    zone = "Pacific/Auckland"
    type(world.inviter.user).objects.filter(pk=world.inviter.user_id).update(time_zone=zone)
    with time_machine.travel(datetime(2026, 3, 1, 20, tzinfo=UTC), tick=False):
        event = happen(world)
    found = browser.get(TRAIL, {"since": "2026-03-02", "until": "2026-03-02"}).context["lines"]
    assert [line.event.pk for line in found] == [event.pk]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"since": "yesterday"}, "Enter a day as year-month-day"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "The last day lies before the first"),
        ({"area": "nonsense"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field_and_kept(
    asked: dict[str, str], sentence: str, browser: Client
) -> None:
    answer = browser.get(TRAIL, asked)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


@pytest.mark.parametrize("typed", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_break_nothing(typed: str, browser: Client) -> None:
    assert browser.get(TRAIL, {"since": typed}).status_code == 200
    assert browser.get(TRAIL, {"until": typed}).status_code == 200


def test_the_list_goes_on_where_the_page_ends_though_more_happens_meanwhile(world: World, browser: Client) -> None:
    for number in range(60):
        happen(world, reason=f"number {number}")
    first = browser.get(TRAIL)
    happen(world, reason="meanwhile")
    second = browser.get(TRAIL, {"after": first.context["page"].next_cursor})
    seen = [line.event.reason for answer in (first, second) for line in answer.context["lines"]]
    numbered = [reason for reason in seen if reason.startswith("number")]
    assert numbered == [f"number {number}" for number in range(59, -1, -1)]
    assert "meanwhile" not in seen


def test_a_longer_list_takes_no_more_queries(world: World, browser: Client) -> None:
    happen(world, target=world.employee)
    happen(world, target=world.aurora)
    few = queries_of(browser, TRAIL)
    for _ in range(20):
        happen(world, target=world.approver)
        happen(world, target=world.aurora)
    assert queries_of(browser, TRAIL) == few


def test_an_event_has_a_page_with_everything_it_holds(world: World, browser: Client) -> None:
    event = happen(
        world, target=world.employee, reason="left us\nyesterday", data={"role": "oa", "changed": ["name", "phone"]}
    )
    page = browser.get(f"{TRAIL}{event.pk}/").content.decode()
    for words in ("orgs.membership.suspend", "left us<br>yesterday", "name, phone", str(event.pk), "Member suspended"):
        assert words in page


@pytest.mark.django_db(transaction=True)
def test_an_events_page_shows_its_place_and_its_seal(world: World, browser: Client) -> None:
    event = happen(world)
    seal = AuditEvent.objects.select_related("seal").get(pk=event.pk).seal
    assert bytes(seal.digest).hex() in browser.get(f"{TRAIL}{event.pk}/").content.decode()


# --- Events of members' accounts ---------------------------------------------------------------------------------------
def sign_in_event(membership: Membership) -> AuditEvent:
    with transaction.atomic():
        person = people.acting(membership.user, seen=worlds.VISITOR)
        return audit.record(person, "accounts.session.begin", membership.user)


def test_sign_ins_of_members_stand_in_a_book_of_their_own(world: World, browser: Client, browser_of: Browser) -> None:
    sign_in_event(world.employee)
    assert rows(browser, book="people") == ["Sign-in"]
    assert "Sign-in" not in rows(browser)
    assert rows(browser_of(world.stranger), book="people") == []


def test_of_a_person_only_what_came_after_they_joined(world: World, browser: Client) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=2)):
        sign_in_event(world.employee)
    assert rows(browser, book="people") == []
    event = sign_in_event(world.employee)
    assert [line.event.pk for line in browser.get(TRAIL, {"book": "people"}).context["lines"]] == [event.pk]


def test_nothing_else_of_the_operators_chain_is_in_that_book(world: World, browser: Client) -> None:
    with transaction.atomic():
        audit.record(Actor.system("test"), "orgs.holiday.add", world.employee.user)
    assert rows(browser, book="people") == []


def test_what_a_dismissed_administrator_saw_is_closed_at_once(world: World, browser: Client) -> None:
    worlds.member(world.aurora, "Otto", Role.OA)
    assert browser.get(TRAIL).status_code == 200
    memberships.dismiss(worlds.PEN, membership=world.inviter, role=Role.OA)
    assert browser.get(TRAIL).status_code in {302, 403}
    assert not access.audit_events(worlds.acting(world.inviter), book=Book.ORGANIZATION).exists()


# --- Export ------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_an_export_holds_the_organisations_chain_and_is_recorded_once(world: World, browser: Client) -> None:
    happen(world, reason="kept")
    found, manifest = exported(browser)
    assert [row["position"] for row in found] == list(range(1, len(found) + 1))
    assert {row["chain"] for row in found} == {str(world.aurora.pk)}
    assert (manifest["whole"], manifest["rows"]) == (True, len(found))
    assert manifest["scope"].startswith(world.aurora.legal_name)
    (event,) = AuditEvent.objects.filter(action="core.audit.export")
    assert (event.organization_id, event.actor_id) == (world.aurora.pk, world.inviter.user_id)


@pytest.mark.django_db(transaction=True)
def test_an_export_holds_what_the_list_shows(world: World, browser: Client) -> None:
    happen(world, reason="wanted", outcome=Outcome.REFUSED)
    found, manifest = exported(browser, "outcome=refused")
    assert [row["reason"] for row in found] == ["wanted"]
    assert (manifest["whole"], manifest["asked"]) == (False, {"outcome": "refused"})
    sign_in_event(world.employee)
    found, manifest = exported(browser, "book=people")
    assert [row["action"] for row in found] == ["accounts.session.begin"]
    assert manifest["whole"] is False


def test_an_export_in_no_form_there_is_is_refused_and_not_recorded(browser: Client) -> None:
    assert browser.post(f"{TRAIL}export/", {"format": "xlsx"}).status_code == 422
    assert browser.get(f"{TRAIL}export/").status_code == 405
    assert not AuditEvent.objects.filter(action="core.audit.export").exists()
