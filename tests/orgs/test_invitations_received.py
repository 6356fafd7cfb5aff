"""An invitation to somebody whose organisation has an account: accepted with it, or passed on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from core.errors import Conflict, NotAllowed, NotFound
from core.outbox import render
from orgs import access
from orgs.models import Invitation, InvitationState, Membership, Partnership, Role
from orgs.services import invitations
from orgs.services.invitations import received
from sft.models import Subscription, SubscriptionState
from tests.accounts.stages import enter, terms_accepted
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import World
from tests.signing_in import let_in_by_password

pytestmark = pytest.mark.django_db


def words_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def landing_of(invitation: Invitation) -> str:
    return f"/invitation/{worlds.secret_of(invitation)}/"


def invited(world: World, member: Membership, *, colleague_allowed: bool = False) -> Invitation:
    return invitations.create(
        worlds.acting(world.inviter),
        company_name="Elsewhere",
        email=member.user.email,
        applications=[worlds.sft()],
        colleague_allowed=colleague_allowed,
    )


def page_of(invitation: Invitation) -> str:
    return f"/received-invitations/{invitation.pk}/"


def are_partners(world: World) -> bool:
    pairs = Partnership.objects.filter(organization__in=[world.aurora, world.elsewhere])
    return pairs.count() == 2


def subscribe(world: World, state: SubscriptionState = SubscriptionState.ACTIVE) -> None:
    Subscription.objects.create(organization=world.elsewhere, application=worlds.sft(), state=state)


# --- The whole way ----------------------------------------------------------------------------------------------------
def test_from_the_mail_over_signing_in_to_the_partnership(world: World) -> None:
    world.stranger.user.set_password(worlds.ONE_TIME_PASSWORD)
    world.stranger.user.save()
    let_in_by_password()
    invitation = invited(world, world.stranger)
    browser = Client()

    led = browser.post(landing_of(invitation), {"sign_in": "1"}, follow=True)
    assert led.redirect_chain[-1][0].startswith("/sign-in/?next=/received-invitations/")
    assert worlds.secret_of(invitation) not in led.redirect_chain[-1][0], "no secret in a query"
    enter(browser, world.stranger.user.email, worlds.ONE_TIME_PASSWORD, next=page_of(invitation))
    page = browser.post("/sign-in/terms/", terms_accepted(), follow=True)
    assert "not subscribed yet. Accepting asks Exostar for it." in words_of(page)
    done = words_of(browser.post(f"{page_of(invitation)}accept/", follow=True))

    assert "The invitation is accepted." in done
    invitation.refresh_from_db()
    assert (invitation.state, invitation.accepted_by) == (InvitationState.ACCEPTED, world.elsewhere)
    assert are_partners(world)
    assert Subscription.objects.get(organization=world.elsewhere).state == SubscriptionState.REQUESTED
    [mail] = worlds.mails("invitation_accepted")
    assert mail.to == world.inviter.user.email
    assert "They have asked to be subscribed to Secure File Transfer" in render(mail).text


def test_who_is_signed_in_already_is_led_straight_there(world: World, browser_of: Callable[..., Client]) -> None:
    invitation = invited(world, world.stranger)
    browser = browser_of(world.stranger)

    assert "You are signed in, so there is nothing to register" in words_of(browser.get(landing_of(invitation)))
    answer = browser.post(landing_of(invitation), {"sign_in": "1"})

    assert answer.headers["Location"] == page_of(invitation)


def test_where_everything_is_there_nothing_is_asked_for(world: World) -> None:
    subscribe(world)

    done = received.accept(worlds.acting(world.stranger), invited(world, world.stranger))

    assert (list(done.askable), list(done.waiting)) == ([], [])
    assert are_partners(world)
    assert "asked to be subscribed" not in render(worlds.mails("invitation_accepted")[0]).text


@pytest.mark.parametrize("state", [SubscriptionState.REQUESTED, SubscriptionState.SUSPENDED])
def test_what_waits_at_the_operator_is_not_asked_for_twice(world: World, state: SubscriptionState) -> None:
    Subscription.objects.create(
        organization=world.elsewhere, application=worlds.sft(), state=state, refusal_reason="Because."
    )

    done = received.accept(worlds.acting(world.stranger), invited(world, world.stranger))

    assert [application.code for application in done.waiting] == ["sft"]
    assert Subscription.objects.get(organization=world.elsewhere).state == state


def test_an_invitation_of_the_operator_makes_no_partnership(world: World) -> None:
    invitation = invitations.create(
        world.operator, company_name="Elsewhere", email=world.stranger.user.email, applications=[worlds.sft()]
    )

    received.accept(worlds.acting(world.stranger), invitation)

    assert not Partnership.objects.exists()
    [mail] = worlds.mails("invitation_accepted")
    assert mail.to == world.staff.email


# --- Who may ----------------------------------------------------------------------------------------------------------
def test_an_ordinary_member_passes_it_on_and_the_administrator_accepts(
    world: World, browser_of: Callable[..., Client]
) -> None:
    member = worlds.member(world.elsewhere, "Mia")
    invitation = invited(world, member)
    browser = browser_of(member)
    page = words_of(browser.get(page_of(invitation)))
    assert "Pass it on to Sven Baker" in page
    assert "Accept the invitation" not in page
    assert browser.post(f"{page_of(invitation)}accept/").status_code == 403

    assert "on its way to Sven Baker" in words_of(browser.post(f"{page_of(invitation)}pass-on/", follow=True))

    [mail] = worlds.mails("invitation_passed_on")
    assert mail.to == world.stranger.user.email
    administrator = browser_of(world.stranger)
    assert "Accept the invitation" in words_of(administrator.get(worlds.link_in(mail, "/received-invitations/")))
    administrator.post(f"{page_of(invitation)}accept/")
    assert are_partners(world)


def test_an_application_administrator_accepts_where_no_subscription_is_missing(world: World) -> None:
    approver = worlds.member(world.elsewhere, "Ada", Role.AA)
    invitation = invited(world, approver)

    with pytest.raises(NotAllowed, match="not subscribed to Secure File Transfer yet"):
        received.accept(worlds.acting(approver), invitation)
    subscribe(world)
    received.accept(worlds.acting(approver), invitation)

    assert are_partners(world)


def test_it_is_bound_to_the_organisation_of_the_invited_address(
    world: World, browser_of: Callable[..., Client]
) -> None:
    third = worlds.member(worlds.company("Third Ltd"), "Tom", Role.OA)
    invitation = invited(world, world.stranger)
    browser = browser_of(third)
    browser.post(landing_of(invitation), {"sign_in": "1"})

    answer = browser.get(page_of(invitation))

    assert answer.status_code == 404
    assert "This invitation is for somebody else" in words_of(answer)
    assert browser.post(f"{page_of(invitation)}accept/").status_code == 404
    assert browser.post(f"{page_of(invitation)}pass-on/").status_code == 404
    with pytest.raises(NotFound):
        access.received_invitation(worlds.acting(third), invitation.pk, held=[str(invitation.pk)])


def test_a_colleague_who_may_and_holds_the_link_accepts(world: World, browser_of: Callable[..., Client]) -> None:
    third = worlds.member(worlds.company("Third Ltd"), "Tom", Role.OA)
    invitation = invited(world, world.stranger, colleague_allowed=True)
    browser = browser_of(third)
    assert browser.get(page_of(invitation)).status_code == 404, "not before the link was opened"

    browser.post(landing_of(invitation), {"sign_in": "1"})
    browser.post(f"{page_of(invitation)}accept/")

    invitation.refresh_from_db()
    assert invitation.accepted_by == third.organization


def test_nobody_accepts_their_own_invitation(world: World, browser_of: Callable[..., Client]) -> None:
    invitation = invited(world, world.stranger, colleague_allowed=True)
    browser = browser_of(world.inviter)
    browser.post(landing_of(invitation), {"sign_in": "1"})

    assert browser.get(page_of(invitation)).status_code == 404
    assert browser.post(f"{page_of(invitation)}accept/").status_code == 404


def test_visitors_are_sent_to_sign_in(world: World) -> None:
    invitation = invited(world, world.stranger)

    assert Client().get(page_of(invitation)).headers["Location"].startswith("/sign-in/")
    assert Client().post(f"{page_of(invitation)}accept/").status_code == 302


# --- When it has ended ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("late", [-1, 0])
def test_it_can_be_accepted_until_the_last_second(world: World, late: int) -> None:
    invitation = invited(world, world.stranger)

    with time_machine.travel(invitation.expires_at + timedelta(seconds=late), tick=False):
        if late < 0:
            received.accept(worlds.acting(world.stranger), invitation)
        else:
            with pytest.raises(Conflict):
                received.accept(worlds.acting(world.stranger), invitation)

    assert are_partners(world) is (late < 0)


def test_a_revoked_one_is_neither_accepted_nor_passed_on(world: World, browser_of: Callable[..., Client]) -> None:
    invitation = invited(world, world.stranger)
    invitations.revoke(worlds.acting(world.inviter), invitation)
    browser = browser_of(world.stranger)

    assert "This invitation has ended" in words_of(browser.get(page_of(invitation)))
    assert browser.post(f"{page_of(invitation)}accept/").status_code == 409
    assert browser.post(f"{page_of(invitation)}pass-on/").status_code == 409


def test_one_with_which_somebody_has_submitted_is_not_accepted(world: World, registrant: Registrant) -> None:
    invitation = invited(world, world.stranger)
    registrant.submitted(f"{landing_of(invitation)}?way=register")

    with pytest.raises(Conflict, match="already submitted"):
        received.accept(worlds.acting(world.stranger), invitation)


@pytest.mark.django_db(transaction=True)
def test_ten_presses_accept_once(world: World) -> None:
    invitation = invited(world, world.stranger)
    actor = worlds.acting(world.stranger)

    answers = at_once([lambda: received.accept(actor, invitation)] * 10)

    assert answers.count(None) == 1
    assert len(worlds.mails("invitation_accepted")) == 1
    assert Subscription.objects.filter(organization=world.elsewhere).count() == 1
