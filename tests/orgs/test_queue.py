"""The operator's queue over HTTP: what it shows, whom it lets in, and that it costs the same however long it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core import back_office
from orgs import queue
from orgs.models import Flag, MatchKind, Registration, RegistrationMatch, RegistrationQuestion, RegistrationState
from orgs.services import actors, approval, review
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.submissions import submitted
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

LIST = "/admin/orgs/registration/"
HOSTILE = "<script>alert(1)</script> & “Söhne” %s {{ x }}"
Answer = Any


@pytest.fixture
def staff(world: World, browser_of: Callable[..., Client]) -> Client:
    return browser_of(world.staff)


def names(answer: Answer) -> list[str]:
    """The organisations that the list shows, in its order."""
    return [registration.legal_name for registration in answer.context["cl"].result_list]


def match(registration: Registration, kind: MatchKind, **other: Any) -> RegistrationMatch:
    return RegistrationMatch.objects.create(registration=registration, kind=kind, value="x", **other)


def queries(browser: Client, url: str) -> int:
    browser.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


def many(world: World, count: int) -> None:
    for number in range(count):
        registration = submitted(f"Company {number}", assigned_to=world.staff, flags=[Flag.FREE_MAIL])
        match(registration, MatchKind.UEI, organization=world.aurora)
        match(registration, MatchKind.DOMAIN, organization=world.elsewhere)


# --- What it shows ------------------------------------------------------------------------------------------------
def test_a_row_says_who_how_long_until_when_and_what_is_odd(world: World, staff: Client) -> None:
    registration = submitted(
        submitted_at=timezone.now() - timedelta(days=2),
        due_at=timezone.now() - timedelta(minutes=5),
        completeness=80,
        flags=[Flag.DISPOSABLE_MAIL],
        assigned_to=world.staff,
        invitation=worlds.invite(world, email="kim@newco.example"),
    )
    match(registration, MatchKind.UEI, organization=world.elsewhere)

    page = staff.get(LIST).content.decode()

    for text in (
        "Newco Metals Ltd", "United Kingdom", "Kim Novak", "kim@newco.example", "Aurora Aerospace &amp; Sons", "2\xa0days",
        "Overdue", "80 %", "Same UEI", "Same UEI: Elsewhere Ltd", "Throw-away address", "Sam Baker",
    ):  # fmt: skip
        assert text in page, text


def test_what_waits_stands_by_due_time_and_what_is_decided_apart(world: World, staff: Client) -> None:
    now = timezone.now()
    submitted("Late", due_at=now + timedelta(days=3))
    submitted("Early", due_at=now + timedelta(days=1))
    approval.deny(world.operator, submitted("Gone", due_at=now), reason="No.")

    assert names(staff.get(LIST)) == ["Early", "Late"]
    assert names(staff.get(f"{LIST}?queue=decided")) == ["Gone"]
    assert names(staff.get(f"{LIST}?queue=decided&outcome=approved")) == []
    assert sorted(names(staff.get(f"{LIST}?queue=all"))) == ["Early", "Gone", "Late"]


def test_each_tab_has_its_own_and_counts_them(world: World, staff: Client, settings: LazySettings) -> None:
    settings.FOUR_EYES_APPROVAL = True
    colleague = worlds.user("Tess", staff=True)
    submitted("Overdue", due_at=timezone.now() - timedelta(seconds=1), assigned_to=colleague)
    submitted("Mine", assigned_to=world.staff)
    submitted("Free")
    answered = submitted("Answered", assigned_to=colleague)
    RegistrationQuestion.objects.create(
        registration=answered, asked_by=colleague, text="?", answer="!", answered_at=timezone.now()
    )
    match(submitted("Alike", assigned_to=colleague), MatchKind.NAME, organization=world.aurora, likeness=0.7)
    submitted("Half", assigned_to=colleague, first_approved_by=colleague)
    review.ask(world.operator, submitted("Asked", assigned_to=colleague), question="Who are you?")
    expected = {
        "overdue": ["Overdue"], "mine": ["Mine"], "unassigned": ["Free"], "answered": ["Answered"],
        "duplicates": ["Alike"], "second": ["Half"], "registrant": ["Asked"],
    }  # fmt: skip

    for name, rows in expected.items():
        assert names(staff.get(f"{LIST}?queue={name}")) == rows, name
    counts = {tab["scope"].name: tab["count"] for tab in staff.get(LIST).context["tabs"]}
    assert counts == {"": 6, **dict.fromkeys(expected, 1), "decided": None, "all": None}
    shown = {entry.label: entry.count for entry in back_office.waiting(world.operator)}
    assert shown["Registrations to decide"] == 6
    assert [shown[label] for label in ("Overdue", "Assigned to you", "Questions answered")] == [1, 1, 1]


def test_the_list_is_narrowed_by_country_application_and_warning(world: World, staff: Client) -> None:
    submitted("British", flags=[Flag.FREE_MAIL])
    match(submitted("French", country="FR"), MatchKind.DUNS, organization=world.aurora)
    submitted("Without").applications.clear()

    assert names(staff.get(f"{LIST}?country=FR")) == ["French"]
    assert sorted(names(staff.get(f"{LIST}?application=sft"))) == ["British", "French"]
    assert names(staff.get(f"{LIST}?warning=free_mail")) == ["British"]
    assert names(staff.get(f"{LIST}?warning=duns")) == ["French"]
    assert names(staff.get(f"{LIST}?warning=uei")) == []


def test_search_finds_an_identifier_and_keeps_the_choices(staff: Client) -> None:
    submitted("Numbered", uei="HB3KLM9PQ2R7", country="DE")
    submitted("Other")

    answer = staff.get(f"{LIST}?q=hb3-klm9pq2r7&country=DE&queue=all")

    assert names(answer) == ["Numbered"]
    page = answer.content.decode()
    assert 'value="hb3-klm9pq2r7"' in page
    assert '<option value="DE" selected>' in page
    assert '<input type="hidden" name="queue" value="all">' in page


def test_years_of_registrations_are_walked_by_year_month_and_day(staff: Client) -> None:
    for day in ("2025-11-03", "2025-11-04", "2026-01-01"):
        submitted(day, named=(), submitted_at=timezone.make_aware(datetime.fromisoformat(day)))

    def shown(query: str) -> tuple[str, list[str], list[str]]:
        answer = staff.get(f"{LIST}?queue=all{query}")
        calendar = answer.context["calendar"]
        return calendar.shown, [link.label for link in calendar.within][:3], sorted(names(answer))

    year = "&submitted_at__year=2025"
    assert shown("")[1][:2] == ["2025", "2026"]
    assert shown(year) == ("2025", ["January", "February", "March"], ["2025-11-03", "2025-11-04"])
    month = f"{year}&submitted_at__month=11"
    assert shown(month) == ("November 2025", ["1", "2", "3"], ["2025-11-03", "2025-11-04"])
    assert shown(f"{month}&submitted_at__day=4") == ("4 November 2025", [], ["2025-11-04"])
    page = staff.get(f"{LIST}?queue=all{month}&country=GB").content.decode()
    assert 'href="?queue=all&amp;country=GB&amp;submitted_at__year=2025"' in page


@pytest.mark.parametrize(
    "year", ["x", "0", "99999", "2025&submitted_at__month=13", "2025&submitted_at__month=2&submitted_at__day=30"]
)
def test_no_day_of_the_calendar_is_no_error(staff: Client, year: str) -> None:
    answer = staff.get(f"{LIST}?queue=all&submitted_at__year={year}", follow=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("query", ["queue=nonsense", "queue=%27", "warning=x", "country=ZZ", "p=999", "o=99", "e=1"])
def test_a_bent_address_is_no_error(staff: Client, query: str) -> None:
    submitted()
    assert staff.get(f"{LIST}?{query}", follow=True).status_code == 200


def test_an_empty_queue_says_so(staff: Client) -> None:
    assert "Nothing here." in staff.get(LIST).content.decode()
    assert "Nothing fits." in staff.get(f"{LIST}?q=zebra").content.decode()


def test_names_cannot_break_out_of_the_list(world: World, staff: Client) -> None:
    match(submitted(HOSTILE, contact_first_name=HOSTILE[:80]), MatchKind.NAME, other=submitted(HOSTILE), likeness=1)

    page = staff.get(LIST).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; “Söhne” %s {{ x }}" in page


# --- Who, and at what cost ----------------------------------------------------------------------------------------
def test_the_queue_is_closed_to_members(world: World, browser_of: Callable[..., Client]) -> None:
    submitted()
    for who in (world.inviter, world.employee):
        answer = browser_of(who).get(LIST)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


def test_drafts_are_not_in_the_queue(world: World, registrant: Registrant, staff: Client) -> None:
    draft = registrant.begin()

    assert names(staff.get(f"{LIST}?queue=all")) == []
    assert staff.get(f"{LIST}{draft.pk}/change/").status_code == 404
    assert staff.get(f"{LIST}nonsense/change/").status_code == 404


@pytest.mark.parametrize("query", ["", "?queue=all", "?q=Company", "?queue=duplicates&country=GB&warning=uei"])
def test_the_list_asks_the_same_for_ten_and_for_sixty(world: World, staff: Client, query: str) -> None:
    many(world, 10)
    few = queries(staff, LIST + query)

    many(world, 50)

    assert queries(staff, LIST + query) == few


def test_a_long_list_is_not_counted_to_its_end(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgs.admin.registrations.queue.MOST_COUNTED", 55)
    monkeypatch.setattr("orgs.admin.registrations.queue.RegistrationAdmin.most_counted", 55)
    for number in range(60):
        submitted(f"Company {number}", named=())

    answer = staff.get(LIST)

    assert answer.context["cl"].result_count == 55
    assert "The first 55." in answer.content.decode()
    assert len(names(staff.get(f"{LIST}?p=2"))) == 5


# --- Several at once ----------------------------------------------------------------------------------------------
def act(browser: Client, action: str, *registrations: Registration, **more: str) -> Answer:
    data = {"action": action, "_selected_action": [str(one.pk) for one in registrations], **more}
    return browser.post(LIST, data, follow=True)


def test_several_are_claimed_and_what_a_colleague_has_is_reported(world: World, staff: Client) -> None:
    colleague = worlds.user("Tess", staff=True)
    free, taken = submitted("Free"), submitted("Taken", assigned_to=colleague, assigned_at=timezone.now())

    page = act(staff, "claim", free, taken, index="0").content.decode()

    assert "Yours now (1): Free" in page
    assert "Taken: Tess Baker has claimed this." in page
    free.refresh_from_db()
    assert free.assigned_to == world.staff
    assert "Released (1): Free" in act(staff, "release", free, index="0").content.decode()


def test_approving_several_asks_first_and_says_what_hinders_each(world: World, staff: Client) -> None:
    good, involved = submitted("Good"), submitted("Named", named=["kim@newco.example", world.staff.email])
    colleague = worlds.user("Tess", staff=True)
    late = approval.deny(actors.of_user(colleague), submitted("Late"), reason="No.")

    page = act(staff, "approve", good, involved, late).content.decode()

    assert "You are named in this registration" in page
    assert "It is now “Denied”." in page
    assert "Approve 1 registration" in page
    good.refresh_from_db()
    assert good.state == RegistrationState.SUBMITTED

    done = act(staff, "approve", good, involved, late, confirmed="1").content.decode()

    assert "Approved (1): Good" in done
    assert "Named: You are named in this registration" in done
    assert "Late: This registration is now “Denied”" in done
    states = [Registration.objects.get(pk=one.pk).state for one in (good, involved, late)]
    assert states == [RegistrationState.APPROVED, RegistrationState.SUBMITTED, RegistrationState.DENIED]


def test_denying_several_takes_a_reason_for_all(world: World, staff: Client) -> None:
    one, two = submitted("One"), submitted("Two", named=["petra@newco.example"])
    assert "Deny 2 registrations" in act(staff, "deny", one, two).content.decode()

    without = act(staff, "deny", one, two, confirmed="1", code="", reason="")
    assert without.status_code == 422
    assert "Choose the reason that fits best." in without.content.decode()
    assert "Say why, in a sentence: the registrant reads it." in without.content.decode()

    done = act(staff, "deny", one, two, confirmed="1", code="not_verified", reason="We found no such company.")
    assert "Denied (2): One, Two" in done.content.decode()
    two.refresh_from_db()
    assert (two.state, two.denial_code) == (RegistrationState.DENIED, "not_verified")
    assert len(worlds.mails("registration_denied")) == 2


def test_nothing_ticked_changes_nothing(staff: Client) -> None:
    submitted()
    assert "Items must be selected" in act(staff, "approve", index="0").content.decode()
    assert staff.post(LIST, {"action": "claim", "index": "0", "_selected_action": "x"}).status_code == 400


# --- What is next -------------------------------------------------------------------------------------------------
def test_the_next_one_is_the_next_by_due_time_that_no_colleague_holds(world: World) -> None:
    now, colleague = timezone.now(), worlds.user("Tess", staff=True)
    first, second, third, fourth = (
        submitted(name, due_at=now + timedelta(days=days)) for days, name in enumerate(("1", "2", "3", "4"))
    )
    Registration.objects.filter(pk=second.pk).update(assigned_to=colleague)
    Registration.objects.filter(pk=third.pk).update(first_approved_by=world.staff)

    assert queue.next_to_decide(world.operator, first) == fourth
    assert queue.next_to_decide(world.operator, fourth) == first
    assert queue.neighbours(world.operator, second) == (first, third)
    assert queue.neighbours(world.operator, first) == (None, second)
