"""The list of what is overdue: once a working day, to everybody who can do something about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings

from accounts.models import UserState
from core.outbox import render
from orgs.models import Holiday, Registration, RegistrationState
from orgs.services import overdue, review
from tests.concurrency import at_once
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(TUESDAY, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def late(world: World, clock: Any) -> Registration:
    return submissions.submitted("Late & Sons", due_at=TUESDAY - timedelta(seconds=1))


def test_everybody_who_can_decide_gets_one_list(world: World, late: Registration) -> None:
    colleague = worlds.user("Cleo", staff=True)
    worlds.user("Gone", staff=True, state=UserState.SUSPENDED)
    submissions.submitted("Later Ltd", due_at=TUESDAY - timedelta(days=1))
    review.claim(world.operator, late)

    assert overdue.tell() == 2

    told = {mail.to: render(mail) for mail in worlds.mails("registrations_overdue")}
    assert set(told) == {world.staff.email, colleague.email}
    mine, hers = told[world.staff.email], told[colleague.email]
    assert mine.subject == "2 registrations are overdue"
    assert mine.text.index("Later Ltd") < mine.text.index("Late & Sons")
    assert "Late & Sons: due Tuesday 24 November 2026, 08:59 (UTC) (yours)" in mine.text
    assert "(Sam Baker)" in hers.text
    assert "/admin/orgs/registration/" in mine.text


def test_it_is_sent_once_a_day(late: Registration, clock: Any) -> None:
    assert overdue.tell() == 1
    assert overdue.tell() == 0
    clock.move_to(TUESDAY + timedelta(hours=14, minutes=59))
    assert overdue.tell() == 0
    clock.move_to(TUESDAY + timedelta(days=1))
    assert overdue.tell() == 1


def test_it_is_sent_when_the_operator_works(late: Registration, clock: Any, settings: LazySettings) -> None:
    clock.move_to(TUESDAY.replace(hour=7, minute=59))
    assert overdue.tell() == 0
    clock.move_to(TUESDAY + timedelta(days=4))
    assert overdue.tell() == 0, "a Saturday"
    Holiday.objects.create(day=date(2026, 11, 25), name="The operator’s day")
    clock.move_to(TUESDAY + timedelta(days=1))
    assert overdue.tell() == 0, "a holiday"
    settings.TIME_ZONE = "America/Los_Angeles"
    clock.move_to(TUESDAY)
    assert overdue.tell() == 0, "one o’clock at night there"
    clock.move_to(TUESDAY.replace(hour=16))
    assert overdue.tell() == 1


def test_nothing_overdue_is_no_mail(world: World, clock: Any) -> None:
    submissions.submitted("In Time", due_at=TUESDAY)
    submissions.submitted("Asked", due_at=TUESDAY - timedelta(days=1), state=RegistrationState.INFO_REQUESTED)
    submissions.submitted("Withdrawn", due_at=TUESDAY - timedelta(days=1), state=RegistrationState.WITHDRAWN)

    assert overdue.tell() == 0

    clock.shift(timedelta(seconds=1))
    assert overdue.tell() == 1


def test_a_long_list_names_the_oldest_and_counts_the_rest(world: World, clock: Any) -> None:
    for number in range(overdue.MOST + 3):
        submissions.submitted(f"Company {number:02}", due_at=TUESDAY - timedelta(days=60 - number), named=[])

    overdue.tell()

    [mail] = worlds.mails("registrations_overdue")
    text = render(mail).text
    assert "Company 00" in text
    assert f"Company {overdue.MOST}" not in text
    assert "and 3 more" in text


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_send_one_list(late: Registration) -> None:
    assert at_once([overdue.tell] * 4) == [None] * 4

    assert len(worlds.mails("registrations_overdue")) == 1
