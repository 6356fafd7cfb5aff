"""Mails of this room that people do without, and to whom each kind is offered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts import notifications
from accounts.models import User
from orgs.notifications import FIRST_LOGINS, INVITATIONS, JOIN_REQUESTS, OVERDUE, REGISTRATIONS
from orgs.services import join_requests, overdue
from orgs.services.invitations import letters
from orgs.services.sign_in import FirstLoginNotice
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.joiner import Joiner
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)


def does_without(user: User, code: str) -> None:
    User.objects.filter(pk=user.pk).update(muted_notices=[code])


def offered_to(world: World, who: str) -> set[str]:
    actor = world.operator if who == "staff" else worlds.acting(getattr(world, who))
    return {kind.code for kind in notifications.offered_to(actor) if kind.code.startswith("orgs.")}


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        ("inviter", {FIRST_LOGINS, JOIN_REQUESTS, INVITATIONS}),
        ("approver", {INVITATIONS}),
        ("employee", set()),
        ("staff", {INVITATIONS, REGISTRATIONS, OVERDUE}),
    ],
)
def test_each_is_offered_what_may_reach_them(world: World, who: str, kinds: set[str]) -> None:
    assert offered_to(world, who) == kinds


def test_the_page_offers_them(client: Client, world: World) -> None:
    client.force_login(world.inviter.user)
    page = client.get("/account/notifications/").content.decode()
    assert "Requests to join" in page
    assert "Overdue registrations" not in page


@pytest.mark.parametrize("switched_off", ["", FIRST_LOGINS])
def test_a_first_login(world: World, switched_off: str) -> None:
    does_without(world.inviter.user, switched_off)
    FirstLoginNotice().first_login_completed(world.employee.user)
    assert len(worlds.mails("first_login_completed")) == (0 if switched_off else 1)


@pytest.mark.parametrize("switched_off", ["", JOIN_REQUESTS])
def test_a_request_to_join(world: World, switched_off: str) -> None:
    does_without(world.inviter.user, switched_off)
    request = Joiner().asks(world.aurora)
    join_requests.tell_administrators(request, again=True)
    assert len(worlds.mails("join_requested")) == (0 if switched_off else 2)


@pytest.mark.parametrize("switched_off", ["", INVITATIONS])
def test_what_became_of_an_invitation(world: World, switched_off: str) -> None:
    does_without(world.inviter.user, switched_off)
    invitation = worlds.invite(world)
    letters.tell("orgs/mail/invitation_bounced", invitation, reason="No such mailbox.")
    assert len(worlds.mails("invitation_bounced")) == (0 if switched_off else 1)


@pytest.mark.parametrize("switched_off", ["", REGISTRATIONS])
def test_a_registration_that_waits(world: World, registrant: Registrant, switched_off: str) -> None:
    does_without(world.staff, switched_off)
    registrant.submitted()
    assert len(worlds.mails("registration_waiting")) == (0 if switched_off else 1)


@pytest.mark.parametrize("switched_off", ["", OVERDUE])
def test_what_is_overdue(world: World, switched_off: str) -> None:
    does_without(world.staff, switched_off)
    with time_machine.travel(TUESDAY, tick=False):
        submissions.submitted("Late & Sons", due_at=TUESDAY - timedelta(seconds=1))
        assert overdue.tell() == (0 if switched_off else 1)
