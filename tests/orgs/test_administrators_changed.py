"""Who administers an active organisation changes with the consent of the operator, and by two of its staff."""

from __future__ import annotations

from functools import partial

import pytest

from accounts.models import User, UserState
from core.errors import Conflict, Invalid, NotAllowed
from core.outbox import render
from orgs.models import ChangeRequestState, Membership, Role
from orgs.services import actors, change_decisions, change_requests, memberships
from orgs.services.change_requests import Newcomer
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.changes import ask_for, replace
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


# --- Administrators -----------------------------------------------------------------------------------------------
def test_appointing_an_administrator_waits_for_the_operator(world: World) -> None:
    change = ask_for(world, appoint=[world.employee])

    assert "oa" not in actors.roles_of(world.employee)
    change_decisions.approve(world.operator, change)
    assert "oa" in actors.roles_of(world.employee)
    assert [mail.to for mail in worlds.mails("administrator_appointed")] == [world.employee.user.email]


def test_dismissing_one_ends_their_sessions_when_the_operator_agrees(world: World) -> None:
    second = worlds.member(world.aurora, "Second", Role.OA)
    change = ask_for(world, dismiss=[second])
    epoch = User.objects.get(pk=second.user_id).session_epoch

    change_decisions.approve(world.operator, change)

    assert "oa" not in actors.roles_of(second)
    assert User.objects.get(pk=second.user_id).session_epoch > epoch
    assert second.user.email in {mail.to for mail in worlds.mails("change_approved")}


def test_the_last_administrator_is_not_even_asked_for(world: World) -> None:
    with pytest.raises(Conflict, match="last active"):
        ask_for(world, dismiss=[world.inviter])


@pytest.mark.parametrize("state", [UserState.INVITED, UserState.SUSPENDED, UserState.CLOSED])
def test_one_who_cannot_sign_in_does_not_count_as_another(world: World, state: UserState) -> None:
    second = worlds.member(world.aurora, "Second", Role.OA)
    change = ask_for(world, dismiss=[world.inviter])
    User.objects.filter(pk=second.user_id).update(state=state)

    with pytest.raises(Conflict, match="last active"):
        change_decisions.approve(world.operator, change)

    change.refresh_from_db()
    assert change.state == ChangeRequestState.REQUESTED
    assert "oa" in actors.roles_of(world.inviter)


def test_what_waits_for_a_member_is_not_asked_for_twice(world: World) -> None:
    change = ask_for(world, appoint=[world.employee])

    with pytest.raises(Conflict, match="waits for the operator already"):
        ask_for(world, appoint=[world.employee])
    change_requests.withdraw(worlds.acting(world.inviter), change)
    assert ask_for(world, appoint=[world.employee]).pk != change.pk


def test_only_active_users_of_the_organisation_are_candidates(world: World) -> None:
    memberships.suspend(worlds.acting(world.inviter), membership=world.employee, reason="Away.")

    for candidate in (world.employee, world.stranger, world.inviter):
        with pytest.raises(Conflict):
            ask_for(world, appoint=[candidate])
    with pytest.raises(Conflict):
        ask_for(world, dismiss=[world.approver])


def test_one_who_left_meanwhile_is_not_appointed(world: World) -> None:
    change = ask_for(world, appoint=[world.employee])
    memberships.suspend(worlds.acting(world.inviter), membership=world.employee, reason="Left.")

    with pytest.raises(Conflict, match="not an active user"):
        change_decisions.approve(world.operator, change)
    assert "oa" not in actors.roles_of(world.employee)


# --- A change of administrator by staff ---------------------------------------------------------------------------
def test_staff_replace_an_administrator_with_the_consent_of_a_colleague(world: World) -> None:
    change = replace(world)

    with pytest.raises(NotAllowed, match="You asked for this change"):
        change_decisions.approve(world.operator, change)
    change_decisions.approve(actors.of_user(worlds.user("Tess", staff=True)), change)

    assert "oa" in actors.roles_of(world.employee)
    assert "oa" not in actors.roles_of(world.inviter)


def test_staff_bring_in_somebody_new_who_hears_of_it_with_their_user_id(world: World) -> None:
    newcomer = Newcomer("Nina", "North", "nina@aurora.example")
    change = replace(world, appoint=[newcomer])
    assert not User.objects.filter(email=newcomer.email).exists()

    change_decisions.approve(actors.of_user(worlds.user("Tess", staff=True)), change)

    membership = Membership.objects.get(user__email=newcomer.email)
    assert (membership.organization, membership.user.state) == (world.aurora, UserState.INVITED)
    assert "oa" in actors.roles_of(membership)
    [mail] = worlds.mails("administrator_appointed")
    assert membership.user.user_id in render(mail).text


def test_staff_who_bring_in_somebody_known_elsewhere_change_nothing_of_theirs(world: World) -> None:
    stranger = world.stranger.user
    change = replace(world, appoint=[Newcomer("Not", "Sven", stranger.email)])

    change_decisions.approve(actors.of_user(worlds.user("Tess", staff=True)), change)

    stranger.refresh_from_db()
    assert stranger.first_name == "Sven"
    assert "oa" in actors.roles_of(Membership.objects.get(user=stranger, organization=world.aurora))


def test_staff_cannot_name_colleagues_or_leave_nobody(world: World) -> None:
    with pytest.raises(Invalid):
        replace(world, appoint=[Newcomer("Sam", "Baker", world.staff.email)])
    with pytest.raises(Invalid):
        replace(world, appoint=[Newcomer("Emma", "Baker", world.employee.user.email)])
    with pytest.raises(Conflict, match="last active"):
        replace(world, appoint=[])


@pytest.mark.django_db(transaction=True)
def test_two_dismissals_approved_at_once_leave_one_administrator(world: World) -> None:
    second = worlds.member(world.aurora, "Second", Role.OA)
    changes = [ask_for(world, dismiss=[second]), ask_for(world, dismiss=[world.inviter])]

    outcomes = at_once([partial(change_decisions.approve, world.operator, change) for change in changes])

    assert sum(outcome is None for outcome in outcomes) == 1
    assert {"oa" in actors.roles_of(world.inviter), "oa" in actors.roles_of(second)} == {True, False}
