"""Asking to join: the form, the mailed link, and how it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import UserState
from core.errors import Conflict
from core.models import AuditEvent, Token
from core.outbox import render
from orgs.models import JoinRequest, JoinRequestState
from orgs.services import join_requests
from orgs.tasks import expire_due
from tests.orgs import world as worlds
from tests.orgs.joiner import Joiner, with_domain
from tests.orgs.world import VISITOR, World

pytestmark = pytest.mark.django_db
BrowserOf = Callable[..., Client]


def test_asking_mails_a_link_and_tells_nobody_else(world: World, joiner: Joiner) -> None:
    with_domain(world.aurora, "aurora.example")

    page = joiner.start()

    assert page.status_code == 200
    assert "nia@aurora.example" in page.content.decode()
    assert "Aurora" not in page.content.decode()
    [mail] = worlds.mails("join_confirm")
    assert mail.to == "nia@aurora.example"
    assert not worlds.mails("join_requested")
    assert joiner.stored().state == JoinRequestState.UNCONFIRMED


def test_nothing_a_stranger_typed_is_in_the_first_mail(world: World, joiner: Joiner) -> None:
    joiner.start(first_name="Visit", last_name="evil.example now", message="Call this number.")

    text = render(worlds.mails("join_confirm")[0])

    assert not re.search("Visit|evil|Call this", text.subject + text.text + text.html)


@pytest.mark.parametrize(
    "field", [{"first_name": ""}, {"last_name": ""}, {"email": "nonsense"}, {"phone": "12"}, {"message": "x" * 1001}]
)
def test_wrong_fields_come_back_with_what_was_typed(world: World, joiner: Joiner, field: dict[str, str]) -> None:
    page = joiner.start(**field)

    assert page.status_code == 422
    assert "I work in design." in page.content.decode() or "message" in field
    assert not JoinRequest.objects.exists()


def test_a_throw_away_address_is_refused(world: World, joiner: Joiner) -> None:
    assert joiner.start(email="nia@mailinator.com").status_code == 422
    assert joiner.start().status_code == 200


def test_whoever_has_an_account_is_told_by_mail_alone(world: World, joiner: Joiner) -> None:
    unknown = joiner.start().content.decode()

    known = joiner.start(email=world.employee.user.email).content.decode()

    assert known.replace(world.employee.user.email, "nia@aurora.example") == unknown
    [mail] = worlds.mails("join_known")
    assert mail.to == world.employee.user.email
    text = render(mail).text
    assert "/sign-in/" in text
    assert "/forgot-user-id/" in text


def test_few_requests_for_one_address_and_from_one(world: World) -> None:
    to_one = [Joiner(f"203.0.113.{number}").start().status_code for number in range(6)]
    from_one = [Joiner().start(email=f"n{number}@aurora.example").status_code for number in range(21)]

    assert to_one == [200] * 5 + [429]
    assert from_one == [200] * 20 + [429]


def test_without_redis_nobody_can_ask(world: World, joiner: Joiner, no_redis: None) -> None:
    assert joiner.start().status_code == 503
    assert not JoinRequest.objects.exists()


def test_a_closed_account_is_treated_like_none(world: World, joiner: Joiner) -> None:
    user = world.employee.user
    user.state = UserState.CLOSED
    user.save()

    joiner.start(email=user.email)

    assert not worlds.mails("join_known")


def test_looking_at_the_link_confirms_nothing(world: World, joiner: Joiner) -> None:
    with_domain(world.aurora, "aurora.example")
    joiner.start()

    pages = [joiner.open_mail() for _ in range(3)]

    assert [page.status_code for page in pages] == [200] * 3
    assert joiner.client.head(joiner.page).status_code == 200
    assert "Aurora" not in pages[0].content.decode()
    assert joiner.stored().state == JoinRequestState.UNCONFIRMED


def test_the_button_confirms_and_pressing_it_again_does_no_harm(world: World, joiner: Joiner) -> None:
    joiner.start()
    joiner.open_mail()

    assert [joiner.confirm().status_code for _ in range(2)] == [302, 302]

    request = joiner.stored()
    assert request.state == JoinRequestState.CONFIRMED
    assert AuditEvent.objects.filter(action="orgs.joinrequest.confirm").count() == 1


@pytest.mark.parametrize(("late", "state"), [(-1, JoinRequestState.CONFIRMED), (1, JoinRequestState.UNCONFIRMED)])
def test_there_is_one_day_to_confirm(world: World, joiner: Joiner, late: int, state: str) -> None:
    joiner.start()
    joiner.open_mail()

    with time_machine.travel(joiner.stored().expires_at + timedelta(seconds=late), tick=False):
        joiner.confirm()
        page = joiner.client.get(joiner.page)

    assert joiner.stored().state == state
    assert page.status_code == 200
    assert ("Ask again" in page.content.decode()) == (late > 0)


def test_an_organisation_cannot_be_asked_before_the_address_is_confirmed(world: World, joiner: Joiner) -> None:
    with_domain(world.aurora, "aurora.example")
    joiner.start()
    joiner.open_mail()

    page = joiner.choose(organization_id=world.aurora.organization_id)

    assert "Aurora" not in page.content.decode()
    assert joiner.stored().organization is None
    with pytest.raises(Conflict):
        join_requests.ask(VISITOR, joiner.stored(), organization_id=world.aurora.organization_id)


def test_a_request_can_be_withdrawn_and_asked_again(world: World, joiner: Joiner) -> None:
    request = joiner.asks(world.aurora)
    assert joiner.client.get(f"{joiner.page}withdraw/").status_code == 200
    request.refresh_from_db()
    assert request.state == JoinRequestState.REQUESTED

    page = joiner.client.post(f"{joiner.page}withdraw/", follow=True)

    request.refresh_from_db()
    assert request.state == JoinRequestState.WITHDRAWN
    assert "The request is withdrawn." in page.content.decode()
    assert Joiner("203.0.113.61").asks(world.aurora).state == JoinRequestState.REQUESTED


@pytest.mark.parametrize("state", ["approved", "denied", "withdrawn", "expired"])
def test_what_has_ended_cannot_be_withdrawn(world: World, joiner: Joiner, state: str) -> None:
    request = joiner.asks(world.aurora)
    JoinRequest.objects.filter(pk=request.pk).update(
        state=state, denial_reason="No.", membership=world.employee, decided_at=timezone.now()
    )

    joiner.client.post(f"{joiner.page}withdraw/")

    request.refresh_from_db()
    assert request.state == state


def sweep(moment: Any, seconds: int) -> None:
    with time_machine.travel(moment + timedelta(seconds=seconds), tick=False):
        expire_due()
        expire_due()


def test_an_unconfirmed_request_ends_after_a_day_without_a_mail(world: World, joiner: Joiner) -> None:
    joiner.start()
    ends = joiner.stored().expires_at

    sweep(ends, -1)
    assert joiner.stored().state == JoinRequestState.UNCONFIRMED
    sweep(ends, 1)

    assert joiner.stored().state == JoinRequestState.EXPIRED
    assert not worlds.mails("join_expired")


def test_what_was_never_confirmed_is_not_kept(world: World, joiner: Joiner) -> None:
    joiner.start()
    ends = joiner.stored().expires_at
    sweep(ends, 1)

    sweep(ends + timedelta(days=30), -1)
    assert JoinRequest.objects.count() == 1
    sweep(ends + timedelta(days=30), 1)

    assert not JoinRequest.objects.exists()


def test_a_request_that_nobody_decides_ends_after_thirty_days_with_a_mail(world: World, joiner: Joiner) -> None:
    request = joiner.asks(world.aurora)
    assert request.requested_at
    assert request.expires_at - request.requested_at == settings.JOIN_REQUEST_LIFETIME

    sweep(request.expires_at, -1)
    assert joiner.stored().state == JoinRequestState.REQUESTED
    sweep(request.expires_at, 1)

    assert joiner.stored().state == JoinRequestState.EXPIRED
    assert [mail.to for mail in worlds.mails("join_expired")] == ["nia@aurora.example"]


def test_administrators_are_reminded_each_week(world: World, joiner: Joiner) -> None:
    request = joiner.asks(world.aurora)
    assert request.requested_at
    week = settings.JOIN_REMINDER_AFTER

    counts = []
    for weeks, seconds in ((1, -1), (1, 1), (2, -10), (2, 10)):
        sweep(request.requested_at + weeks * week, seconds)
        counts.append(len(worlds.mails("join_requested")))

    assert counts == [1, 2, 2, 3]
    assert render(worlds.mails("join_requested")[0]).subject.startswith("Reminder: Nia Obi asks to join")


@pytest.mark.parametrize(
    ("path", "method"), [("", "get"), ("confirm/", "post"), ("organization/", "post"), ("withdraw/", "get")]
)
def test_a_link_that_ended_or_never_was_says_only_that(world: World, joiner: Joiner, path: str, method: str) -> None:
    joiner.asks(world.aurora)
    Token.objects.update(expires_at=timezone.now())

    ended = getattr(Client(), method)(f"{joiner.page}{path}")
    unknown = getattr(Client(), method)(f"/join/nothing-like-it/{path}")

    assert (ended.status_code, unknown.status_code) == (410, 404)
    assert ended.content == unknown.content
    assert "Aurora" not in ended.content.decode()


def test_pages_behind_the_link_are_not_stored(world: World, joiner: Joiner) -> None:
    joiner.asks(world.aurora)

    assert joiner.client.get(joiner.page).headers["Cache-Control"] == "no-store"
