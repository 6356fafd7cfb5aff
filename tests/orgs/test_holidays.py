"""The operator's days off: single ones, many pasted at once, and what the audit trail says of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from core.models import AuditEvent
from orgs.models import Holiday
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

LIST = "/admin/orgs/holiday/"
CHRISTMAS = date(2026, 12, 25)
Answer = Any


@pytest.fixture
def staff(world: World, browser_of: Callable[..., Client]) -> Client:
    return browser_of(world.staff)


def paste(browser: Client, lines: str) -> Answer:
    return browser.post(f"{LIST}paste/", {"lines": lines}, follow=True)


def recorded() -> list[tuple[str, str]]:
    events = AuditEvent.objects.filter(action__startswith="orgs.holiday.").order_by("at", "id")
    return [(event.action.rpartition(".")[2], event.data["day"]) for event in events]


def test_a_holiday_is_added_changed_and_removed_and_each_is_recorded(world: World, staff: Client) -> None:
    staff.post(f"{LIST}add/", {"day": "2026-12-25", "name": "Christmas"})
    holiday = Holiday.objects.get()
    staff.post(f"{LIST}{holiday.pk}/change/", {"day": "2026-12-25", "name": " Christmas  Day "})
    assert Holiday.objects.get().name == "Christmas Day"
    page = staff.get(LIST).content.decode()
    assert "25 December 2026" in page
    assert "Friday" in page

    staff.post(f"{LIST}{holiday.pk}/delete/", {"post": "yes"})

    assert not Holiday.objects.exists()
    assert recorded() == [(verb, "2026-12-25") for verb in ("add", "change", "remove")]
    assert set(AuditEvent.objects.filter(action__startswith="orgs.holiday.").values_list("actor_id", flat=True)) == {
        world.staff.pk
    }


def test_several_are_removed_at_once(staff: Client) -> None:
    paste(staff, "2026-12-25 Christmas Day\n2026-12-28 Boxing Day")
    chosen = {"action": "delete_selected", "_selected_action": [str(day.pk) for day in Holiday.objects.all()]}

    staff.post(LIST, {**chosen, "post": "yes"})

    assert not Holiday.objects.exists()
    assert sorted(recorded()) == [
        ("add", "2026-12-25"), ("add", "2026-12-28"), ("remove", "2026-12-25"), ("remove", "2026-12-28"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"day": "25.12.2026", "name": "Christmas"}, "This is no day. Enter it as 2026-12-25."),
        ({"day": "", "name": "Christmas"}, "Enter the day, such as 2026-12-25."),
        ({"day": "2026-12-24", "name": "Twice"}, "This day is in the list already."),
        ({"day": "2026-12-25", "name": " "}, "Enter what is celebrated."),
        ({"day": "2026-12-25", "name": "x" * 81}, "Use at most 80 characters; these are 81."),
    ],
)
def test_a_wrong_holiday_is_told_beside_its_field(staff: Client, data: dict[str, str], sentence: str) -> None:
    Holiday.objects.create(day=date(2026, 12, 24), name="Christmas Eve")

    answer = staff.post(f"{LIST}add/", data)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Holiday.objects.count() == 1


def test_a_year_is_pasted_at_once_and_what_stood_there_stays(staff: Client) -> None:
    Holiday.objects.create(day=CHRISTMAS, name="Christmas")

    page = paste(
        staff, "2026-12-25 Other\r\n\r\n 2026-12-28\tBoxing Day \n2027-01-01; New Year’s Day\n"
    ).content.decode()

    assert "2 added. 1 stood in the list already and stay as they are." in page
    assert list(Holiday.objects.values_list("day", "name")) == [
        (CHRISTMAS, "Christmas"),
        (date(2026, 12, 28), "Boxing Day"),
        (date(2027, 1, 1), "New Year’s Day"),
    ]
    assert recorded() == [("add", "2026-12-28"), ("add", "2027-01-01")]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("2026-12-25 Christmas\nBoxing Day", "Line 2: write the day as YYYY-MM-DD, a space, and its name."),
        ("2026-12-25", "Line 1: write the day as YYYY-MM-DD, a space, and its name."),
        ("2026-02-30 Never", "Line 1: 2026-02-30 is no day of the calendar."),
        ("2026-12-25 A\n\n2026-12-25 B", "Line 3: 2026-12-25 stands there twice."),
        (f"2026-12-25 {'x' * 81}", "Line 1: the name has 81 characters; 80 fit."),
        ("", "Paste one line for each day."),
        ("x" * 20_001, "Use at most 20000 characters; these are 20001."),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_added(staff: Client, lines: str, sentence: str) -> None:
    answer = paste(staff, lines)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert sentence in page
    assert lines.split("\n", maxsplit=1)[0][:40] in page
    assert not Holiday.objects.exists()


def test_holidays_are_closed_to_members(world: World, browser_of: Callable[..., Client]) -> None:
    browser = browser_of(world.inviter)
    for page in ("", "add/", "paste/"):
        assert browser.get(LIST + page).status_code == 302
        assert browser.post(LIST + page, {"lines": "2026-12-25 Christmas", "day": "2026-12-25"}).status_code == 302
    assert not Holiday.objects.exists()
