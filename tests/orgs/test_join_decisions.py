"""Administration → Requests to join: who decides, once, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import queries as people_queries
from accounts.models import User, UserState
from core import navigation
from core.errors import Conflict, Invalid, NotAllowed
from core.models import AuditEvent
from orgs.models import (
    Invitation,
    InvitationState,
    JoinRequest,
    JoinRequestState,
    Membership,
    Organization,
    Partnership,
    Role,
)
from orgs.services import join_decisions
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.joiner import Joiner
from tests.orgs.registrant import Registrant
from tests.orgs.world import ONE_TIME_PASSWORD, World

pytestmark = pytest.mark.django_db
BrowserOf = Callable[..., Client]


@pytest.fixture
def asked(world: World) -> JoinRequest:
    return Joiner().asks(world.aurora)


def url(request: JoinRequest, action: str = "") -> str:
    return f"/administration/join-requests/{request.pk}/{action}"


def state(request: JoinRequest) -> str:
    return JoinRequest.objects.values_list("state", flat=True).get(pk=request.pk)


# --- Approve ------------------------------------------------------------------------------------------------------
def test_approving_makes_a_user_and_hands_over_a_generated_secret_once(
    world: World, asked: JoinRequest, browser_of: BrowserOf
) -> None:
    browser = browser_of(world.inviter)

    page = browser.post(url(asked, "approve/"), {"generate": "1"}, follow=True)

    user = people_queries.user_by_email("nia@aurora.example")
    assert user
    membership = Membership.objects.get(user=user, organization=world.aurora)
    assert page.redirect_chain == [(f"/administration/users/{membership.pk}/hand-over/", 302)]
    assert user.user_id in page.content.decode()
    assert "shown this once" in page.content.decode()
    assert "shown this once" not in browser.get(page.redirect_chain[0][0]).content.decode()
    asked.refresh_from_db()
    assert (asked.state, asked.membership, asked.decided_by) == ("approved", membership, world.inviter)
    assert [mail.to for mail in worlds.mails("activate_account")] == ["nia@aurora.example"]


def test_a_typed_secret_is_held_to_the_policy_and_then_taken(
    world: World, asked: JoinRequest, browser_of: BrowserOf
) -> None:
    browser = browser_of(world.inviter)

    short = browser.post(url(asked, "approve/"), {"one_time_password": "short"})
    none = browser.post(url(asked, "approve/"), {"one_time_password": ""})
    assert state(asked) == JoinRequestState.REQUESTED
    good = browser.post(url(asked, "approve/"), {"one_time_password": ONE_TIME_PASSWORD}, follow=True)

    assert (short.status_code, none.status_code) == (422, 422)
    assert ONE_TIME_PASSWORD in good.content.decode()
    assert state(asked) == JoinRequestState.APPROVED


def test_somebody_with_an_account_becomes_a_member_with_it(world: World, browser_of: BrowserOf) -> None:
    user = world.stranger.user
    user.set_password("an old password of Sven")
    user.save()
    asked = Joiner().asks(world.aurora, email=user.email, template="join_known")

    page = browser_of(world.inviter).post(url(asked, "approve/"), {"generate": "1"}, follow=True)

    before = user.password
    user.refresh_from_db()
    assert user.password == before
    assert "is a user now, with the account they had already." in page.content.decode()
    assert Membership.objects.filter(user=user, organization=world.aurora).exists()
    assert [mail.to for mail in worlds.mails("join_approved")] == [user.email]
    assert not worlds.mails("activate_account")


@pytest.mark.parametrize("shut_out", [UserState.SUSPENDED, UserState.CLOSED])
def test_somebody_who_is_shut_out_is_not_let_in_this_way(world: World, shut_out: UserState) -> None:
    asked = Joiner().asks(world.aurora, email=world.stranger.user.email, template="join_known")
    User.objects.filter(pk=world.stranger.user_id).update(state=shut_out)

    with pytest.raises(Conflict):
        join_decisions.approve(worlds.acting(world.inviter), asked)

    assert state(asked) == JoinRequestState.REQUESTED
    assert not Membership.objects.filter(user=world.stranger.user, organization=world.aurora).exists()


def test_operator_staff_become_no_members(world: World) -> None:
    asked = Joiner().asks(world.aurora, email=world.staff.email, template="join_known")

    with pytest.raises(Conflict):
        join_decisions.approve(worlds.acting(world.inviter), asked)
    assert state(asked) == JoinRequestState.REQUESTED


def test_a_suspended_member_is_not_let_in_by_a_request(world: World) -> None:
    asked = Joiner().asks(world.aurora, email=world.stranger.user.email, template="join_known")
    suspended = Membership.objects.create(
        user=world.stranger.user, organization=world.aurora, state="suspended", suspension_reason="Left."
    )

    with pytest.raises(Conflict):
        join_decisions.approve(worlds.acting(world.inviter), asked)

    suspended.refresh_from_db()
    assert suspended.state == "suspended"
    assert state(asked) == JoinRequestState.REQUESTED


def test_the_secret_is_nowhere_but_on_the_page(world: World, asked: JoinRequest) -> None:
    made = join_decisions.approve(worlds.acting(world.inviter), asked, one_time_password=ONE_TIME_PASSWORD)

    assert made.one_time_password == ONE_TIME_PASSWORD
    assert not AuditEvent.objects.filter(data__icontains="harvest moon").exists()
    assert not any("harvest moon" in str(mail.context) for mail in worlds.mails("activate_account"))


# --- Deny ---------------------------------------------------------------------------------------------------------
def test_denying_mails_the_reason(world: World, asked: JoinRequest, browser_of: BrowserOf) -> None:
    page = browser_of(world.inviter).post(url(asked, "deny/"), {"reason": "Nobody here knows you."}, follow=True)

    asked.refresh_from_db()
    assert page.status_code == 200
    assert (asked.state, asked.denial_reason) == ("denied", "Nobody here knows you.")
    [mail] = worlds.mails("join_denied")
    shown = Client().get(worlds.link_in(mail, "/join/")).content.decode()
    assert "Nobody here knows you." in shown
    assert people_queries.user_by_email("nia@aurora.example") is None


def test_denying_takes_a_reason(world: World, asked: JoinRequest, browser_of: BrowserOf) -> None:
    page = browser_of(world.inviter).post(url(asked, "deny/"), {"reason": " "})

    assert page.status_code == 422
    assert state(asked) == JoinRequestState.REQUESTED
    with pytest.raises(Invalid):
        join_decisions.deny(worlds.acting(world.inviter), asked, reason=" ")


# --- Once, and by whom --------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_two_administrators_at_once_are_one_decision(world: World) -> None:
    asked = Joiner().asks(world.aurora)
    second = worlds.member(world.aurora, "Otto", Role.OA)

    outcomes = at_once(
        [
            lambda: join_decisions.approve(worlds.acting(world.inviter), asked),
            lambda: join_decisions.deny(worlds.acting(second), asked, reason="No."),
            lambda: join_decisions.approve(worlds.acting(second), asked),
        ]
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Conflict", "NoneType"]
    decisions = AuditEvent.objects.filter(
        action__in=["orgs.joinrequest.approve", "orgs.joinrequest.deny"], target_id=str(asked.pk)
    )
    assert decisions.count() == 1
    is_member = Membership.objects.filter(user__email="nia@aurora.example").exists()
    assert is_member == (state(asked) == JoinRequestState.APPROVED)
    assert len(worlds.mails("activate_account")) + len(worlds.mails("join_denied")) == 1


def test_a_second_press_says_that_it_is_decided(world: World, asked: JoinRequest, browser_of: BrowserOf) -> None:
    browser = browser_of(world.inviter)
    browser.post(url(asked, "deny/"), {"reason": "No."})

    late = browser.post(url(asked, "approve/"), {"generate": "1"}, follow=True)

    assert "nothing left to decide" in late.content.decode()
    assert state(asked) == JoinRequestState.DENIED


def test_what_was_withdrawn_or_is_over_cannot_be_approved(world: World, asked: JoinRequest) -> None:
    JoinRequest.objects.filter(pk=asked.pk).update(expires_at=timezone.now())

    with pytest.raises(Conflict):
        join_decisions.approve(worlds.acting(world.inviter), asked)

    assert state(asked) == JoinRequestState.REQUESTED


@pytest.mark.parametrize("action", ["", "approve/", "deny/"])
def test_an_administrator_of_another_organisation_finds_nothing(
    world: World, asked: JoinRequest, browser_of: BrowserOf, action: str
) -> None:
    browser = browser_of(world.stranger)
    replies = {
        browser.get(url(asked, action)).status_code,
        browser.post(url(asked, action), {"reason": "x"}).status_code,
    }

    assert replies <= {404, 405}
    assert 404 in replies
    assert state(asked) == JoinRequestState.REQUESTED
    assert "Nia Obi" not in browser.get("/administration/join-requests/?show=all").content.decode()


@pytest.mark.parametrize("who", ["approver", "employee"])
def test_colleagues_who_are_no_organization_administrators_do_not_decide(
    world: World, asked: JoinRequest, browser_of: BrowserOf, who: str
) -> None:
    browser = browser_of(getattr(world, who))

    replies = [
        browser.get("/administration/join-requests/").status_code,
        browser.get(url(asked)).status_code,
        browser.post(url(asked, "approve/"), {"generate": "1"}).status_code,
        browser.post(url(asked, "deny/"), {"reason": "No."}).status_code,
    ]

    assert replies == [403] * 4
    with pytest.raises(NotAllowed):
        join_decisions.approve(worlds.acting(getattr(world, who)), asked)


def test_what_was_not_asked_of_anybody_is_in_no_list(world: World, browser_of: BrowserOf) -> None:
    joiner = Joiner()
    joiner.start()
    JoinRequest.objects.update(organization=world.aurora)

    assert browser_of(world.inviter).get(url(joiner.stored())).status_code == 404


# --- The list -----------------------------------------------------------------------------------------------------
def test_the_list_shows_what_waits_and_on_request_all(world: World, asked: JoinRequest, browser_of: BrowserOf) -> None:
    browser = browser_of(world.inviter)
    waiting = browser.get("/administration/join-requests/").content.decode()
    assert "Nia Obi" in waiting
    join_decisions.deny(worlds.acting(world.inviter), asked, reason="No.")

    assert "Nia Obi" not in browser.get("/administration/join-requests/").content.decode()
    assert "Nia Obi" in browser.get("/administration/join-requests/?show=all").content.decode()


def test_the_page_says_whether_the_address_is_of_the_organisations_domain(
    world: World, asked: JoinRequest, browser_of: BrowserOf
) -> None:
    browser = browser_of(world.inviter)

    assert "not your domain" in browser.get(url(asked)).content.decode()
    Organization.objects.filter(pk=world.aurora.pk).update(email_domains=["aurora.example"])
    assert "not your domain" not in browser.get(url(asked)).content.decode()


def test_how_many_wait_stands_on_the_tab_and_at_home(world: World, asked: JoinRequest, browser_of: BrowserOf) -> None:
    tabs = {tab.label: tab.count for tab in navigation.bar("administration", worlds.acting(world.inviter), "")}

    assert tabs["Requests to join"] == 1
    assert "/administration/join-requests/" in browser_of(world.inviter).get("/home/").content.decode()
    assert "/administration/join-requests/" not in browser_of(world.employee).get("/home/").content.decode()


def test_the_list_asks_the_same_for_ten_and_for_a_thousand(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.inviter)

    def fill(count: int) -> None:
        now, start = timezone.now(), JoinRequest.objects.count()
        JoinRequest.objects.bulk_create(
            JoinRequest(
                first_name="N", last_name=f"{start + n}", email=f"n{start + n}@aurora.example", organization=world.aurora,
                state=JoinRequestState.REQUESTED, requested_at=now, expires_at=now + timedelta(days=3),
            )
            for n in range(count)
        )  # fmt: skip

    def asked_for(url: str) -> int:
        browser.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(url).status_code == 200
        return len(captured)

    fill(10)
    few = asked_for("/administration/join-requests/?show=all")
    fill(990)

    assert asked_for("/administration/join-requests/?show=all") == few
    first = browser.get("/administration/join-requests/").context["page"]
    second = browser.get("/administration/join-requests/", {"after": first.next_cursor}).context["page"]
    assert len(first.rows) == len(second.rows) == 50
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}


# --- By an invitation ---------------------------------------------------------------------------------------------
@pytest.fixture
def invited(world: World) -> tuple[Invitation, JoinRequest]:
    """Somebody invited by ``aurora`` asks to join ``elsewhere``."""
    invitation = worlds.invite(world)
    joiner = Joiner()
    joiner.start(f"/invitation/{worlds.secret_of(invitation)}/join/")
    joiner.open_mail()
    joiner.confirm()
    joiner.choose(organization_id=world.elsewhere.organization_id)
    return invitation, joiner.stored()


def test_approving_accepts_the_invitation_for_the_organisation(
    world: World, invited: tuple[Invitation, JoinRequest], browser_of: BrowserOf
) -> None:
    invitation, asked = invited
    shown = browser_of(world.stranger).get(url(asked)).content.decode()

    join_decisions.approve(worlds.acting(world.stranger), asked)

    invitation.refresh_from_db()
    assert "The invitation of Aurora Aerospace &amp; Sons is accepted with it" in shown
    assert (invitation.state, invitation.accepted_by) == (InvitationState.ACCEPTED, world.elsewhere)
    assert [mail.to for mail in worlds.mails("invitation_accepted")] == [world.inviter.user.email]
    assert Partnership.objects.filter(organization=world.aurora, partner=world.elsewhere).exists()


def test_an_invitation_that_ended_meanwhile_changes_nothing(
    world: World, invited: tuple[Invitation, JoinRequest]
) -> None:
    invitation, asked = invited
    Invitation.objects.filter(pk=invitation.pk).update(state=InvitationState.REVOKED, revoked_at=timezone.now())

    join_decisions.approve(worlds.acting(world.stranger), asked)

    invitation.refresh_from_db()
    assert invitation.state == InvitationState.REVOKED
    assert not Partnership.objects.exists()
    assert state(asked) == JoinRequestState.APPROVED


def test_joining_the_inviting_organisation_itself_makes_no_partner(world: World) -> None:
    invitation = worlds.invite(world)
    joiner = Joiner()
    joiner.start(f"/invitation/{worlds.secret_of(invitation)}/join/")
    joiner.open_mail()
    joiner.confirm()
    joiner.choose(organization_id=world.aurora.organization_id)

    join_decisions.approve(worlds.acting(world.inviter), joiner.stored())

    assert state(joiner.stored()) == JoinRequestState.APPROVED
    assert not Partnership.objects.exists()


def test_an_invitation_whose_registration_is_reviewed_waits_for_that_decision(
    world: World, invited: tuple[Invitation, JoinRequest]
) -> None:
    invitation, asked = invited
    Registrant("203.0.113.88").submitted(f"/invitation/{worlds.secret_of(invitation)}/")

    join_decisions.approve(worlds.acting(world.stranger), asked)

    invitation.refresh_from_db()
    assert invitation.state == InvitationState.STARTED
    assert state(asked) == JoinRequestState.APPROVED


def test_a_denied_request_leaves_the_invitation_open(world: World, invited: tuple[Invitation, JoinRequest]) -> None:
    invitation, asked = invited

    join_decisions.deny(worlds.acting(world.stranger), asked, reason="No.")

    assert Registrant("203.0.113.88").begin(f"/invitation/{worlds.secret_of(invitation)}/").invitation == invitation
