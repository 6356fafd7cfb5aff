"""Somebody who lost every second factor: what their Organization Administrator sees and does."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import FactorReset, FactorResetState, User, UserState
from accounts.services import factor_resets
from core.errors import NotAllowed
from core.outbox import render
from orgs.models import Membership, Role
from orgs.services import actors, memberships, users
from tests.accounts.factors import with_app
from tests.orgs import world as worlds
from tests.orgs.world import PEN, VISITOR, World, acting
from tests.signing_in import fresh

HOW = "Called back at the number in our files."


@pytest.fixture
def reset(world: World) -> FactorReset:
    with_app(world.employee.user)
    return factor_resets.ask(VISITOR, user=world.employee.user, message="It fell into the harbour.")


def page_of(member: Membership) -> str:
    return f"/administration/users/{member.pk}/second-factors/"


def stands(reset: FactorReset) -> str:
    reset.refresh_from_db()
    return reset.state


def test_their_administrators_are_told_and_nobody_else(world: World, reset: FactorReset) -> None:
    (mail,) = worlds.mails("factor_reset_asked")
    assert mail.to == world.inviter.user.email
    assert worlds.link_in(mail, "/administration/users/") == f"/administration/users/{world.employee.pk}/"
    assert "A mail proves nothing" in render(mail).text


def test_an_administrator_vouches_and_the_operator_completes(world: World, reset: FactorReset) -> None:
    browser = fresh(world.inviter.user)
    assert "Confirm who it is" in browser.get(f"/administration/users/{world.employee.pk}/").content.decode()
    assert "It fell into the harbour." in browser.get(page_of(world.employee)).content.decode()
    assert (
        browser.post(page_of(world.employee), {"how": HOW})["Location"] == f"/administration/users/{world.employee.pk}/"
    )
    reset.refresh_from_db()
    assert (reset.state, reset.vouched_by, reset.vouched_how) == (FactorResetState.VOUCHED, world.inviter.user, HOW)
    factor_resets.complete(world.operator, reset=reset, reason="Vouched for by their administrator.")
    (mail,) = worlds.mails("factor_reset_done")
    assert mail.to == world.inviter.user.email
    employee = User.objects.get(pk=world.employee.user_id)
    assert employee.state == UserState.INVITED
    users.reissue(acting(world.inviter), membership=Membership.objects.get(pk=world.employee.pk))


def test_it_says_how_or_nothing_happens(world: World, reset: FactorReset) -> None:
    answer = fresh(world.inviter.user).post(page_of(world.employee), {"how": " "})
    assert answer.status_code == 422
    assert stands(reset) == FactorResetState.REQUESTED


def test_an_administrator_denies(world: World, reset: FactorReset) -> None:
    browser = fresh(world.inviter.user)
    assert browser.post(page_of(world.employee), {"deny": "1", "reason": ""}).status_code == 422
    browser.post(page_of(world.employee), {"deny": "1", "reason": "They had not asked."})
    assert stands(reset) == FactorResetState.DENIED
    assert browser.get(page_of(world.employee)).status_code == 404


def test_the_page_is_for_their_administrators(world: World, reset: FactorReset) -> None:
    client = Client()
    for member, status in ((world.stranger, 404), (world.approver, 403), (world.employee, 403)):
        client.force_login(member.user)
        assert client.post(page_of(world.employee), {"how": HOW}).status_code == status
    client.force_login(world.inviter.user)
    assert client.post(page_of(world.employee), {"how": HOW})["Location"].startswith("/account/confirm/?next=")
    assert stands(reset) == FactorResetState.REQUESTED
    assert fresh(world.inviter.user).post(page_of(world.employee), {"how": HOW}).status_code == 302


def test_the_only_administrator_turns_to_two_of_the_staff(world: World) -> None:
    with_app(world.inviter.user)
    reset = factor_resets.ask(VISITOR, user=world.inviter.user, message="Lost.")
    with pytest.raises(NotAllowed):
        factor_resets.vouch(acting(world.inviter), reset=reset, how=HOW)
    second = actors.of_user(worlds.user("Robin", staff=True))
    factor_resets.vouch(world.operator, reset=reset, how=HOW)
    with pytest.raises(NotAllowed):
        factor_resets.complete(world.operator, reset=reset, reason="Again.")
    factor_resets.complete(second, reset=reset, reason="Vouched for.")
    assert stands(reset) == FactorResetState.DONE


def test_where_there_is_another_administrator_staff_do_not_vouch(world: World) -> None:
    memberships.appoint(PEN, membership=world.employee, role=Role.OA, application=None)
    reset = factor_resets.ask(VISITOR, user=world.inviter.user, message="Lost.")
    with pytest.raises(NotAllowed):
        factor_resets.vouch(world.operator, reset=reset, how=HOW)
    factor_resets.vouch(acting(world.employee), reset=reset, how=HOW)


def test_one_who_was_suspended_meanwhile_has_no_say(world: World, reset: FactorReset) -> None:
    actor = acting(world.inviter)
    assert factor_resets.can_vouch(actor, reset)
    Membership.objects.filter(pk=world.employee.pk).update(state="suspended", suspension_reason="Left.")
    assert not factor_resets.can_vouch(actor, reset)
