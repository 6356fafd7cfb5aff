"""Inviting, and what comes after: extended, resent, in nobody's way twice, by staff, within the day's limit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from core.errors import Conflict, Invalid, NotAllowed, TooMany
from core.models import AuditEvent, Mail, SuppressionReason
from core.outbox import render, suppression
from core.throttles import FailMode, Limit
from orgs.models import Invitation, InvitationState, Organization, OrganizationState
from orgs.services import invitations
from orgs.services.invitations import quota
from orgs.tasks import expire_due
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


def landing_of(invitation: Invitation) -> str:
    return f"/invitation/{worlds.secret_of(invitation)}/"


def test_everything_about_an_invitation_is_kept(world: World) -> None:
    invitation = invitations.create(
        worlds.acting(world.inviter),
        company_name="Newco",
        email="Kim@Newco.example",
        message="Drawings first.",
        external_reference="V-4711",
        colleague_allowed=True,
        language="en",
        applications=[worlds.sft()],
    )

    stored = Invitation.objects.get(pk=invitation.pk)
    assert (stored.email, stored.external_reference, stored.colleague_allowed) == ("kim@newco.example", "V-4711", True)
    [mail] = worlds.mails("invitation")
    assert (mail.about, mail.language) == (invitation.pk, "en")
    assert "a colleague may use the link too" in render(mail).text
    assert "a colleague may use the link too" not in render(_mail_of(worlds.invite(world, email="b@b.example"))).text


def _mail_of(invitation: Invitation) -> Mail:
    return next(mail for mail in worlds.mails("invitation") if mail.about == invitation.pk)


# --- By operator staff ------------------------------------------------------------------------------------------------
def test_staff_invite_for_the_operator(world: World) -> None:
    invitation = invitations.create(world.operator, company_name="Newco", email="kim@newco.example")

    assert (invitation.organization, invitation.inviter) == (None, world.staff)
    [mail] = worlds.mails("invitation")
    assert render(mail).subject == "You’re Invited to Collaborate with Exostar"
    page = Client().get(landing_of(invitation)).content.decode()
    assert "Exostar invites you to collaborate" in page
    assert "None" not in page


def test_an_invitation_of_the_operator_leads_through_the_wizard(world: World, registrant: Registrant) -> None:
    invitation = invitations.create(
        world.operator, company_name="Newco", email="kim@newco.example", applications=[worlds.sft()]
    )

    registrant.submitted(landing_of(invitation))

    assert "None" not in registrant.open("welcome").content.decode()
    assert registrant.stored().invitation == invitation


def test_staff_invite_for_an_organisation_that_is_active(world: World) -> None:
    invitation = invitations.create(
        world.operator, company_name="Newco", email="kim@newco.example", organization=world.aurora
    )
    assert (invitation.organization, invitation.invited_by, invitation.invited_by_staff) == (
        world.aurora,
        None,
        world.staff,
    )

    Organization.objects.filter(pk=world.elsewhere.pk).update(state=OrganizationState.SUSPENDED)
    world.elsewhere.refresh_from_db()
    with pytest.raises(Invalid) as refusal:
        invitations.create(world.operator, company_name="N", email="n@n.example", organization=world.elsewhere)
    assert "organization" in refusal.value.fields


def test_members_invite_for_their_own_organisation_only(world: World) -> None:
    with pytest.raises(NotAllowed):
        invitations.create(
            worlds.acting(world.inviter), company_name="N", email="n@n.example", organization=world.elsewhere
        )
    assert not Invitation.objects.exists()


# --- What stands in the way -------------------------------------------------------------------------------------------
def test_nobody_invites_their_own_colleague(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        worlds.invite(world, email=world.employee.user.email.upper())
    assert "belongs to your organisation already" in refusal.value.fields["email"]

    assert worlds.invite(world, email=world.stranger.user.email).state == InvitationState.SENT


def test_an_address_that_mail_comes_back_from_is_not_invited(world: World) -> None:
    suppression.add(worlds.PEN, address="kim@newco.example", reason=SuppressionReason.BOUNCED, note="550")

    with pytest.raises(Invalid) as refusal:
        worlds.invite(world)

    assert "sends no mail to this address" in refusal.value.fields["email"]


def test_what_has_lapsed_is_in_nobodys_way_even_before_the_sweep(world: World) -> None:
    earlier = worlds.invite(world)
    with time_machine.travel(earlier.expires_at - timedelta(seconds=1), tick=False), pytest.raises(Invalid):
        worlds.invite(world)

    with time_machine.travel(earlier.expires_at, tick=False):
        later = worlds.invite(world)

    earlier.refresh_from_db()
    assert (earlier.state, later.state) == (InvitationState.EXPIRED, InvitationState.SENT)


def test_an_expired_invitation_is_not_resent_beside_a_newer_one(world: World) -> None:
    earlier = worlds.invite(world)
    with time_machine.travel(earlier.expires_at, tick=False):
        expire_due()
        worlds.invite(world)
        earlier.refresh_from_db()

        with pytest.raises(Conflict, match="open invitation to this address"):
            invitations.resend(worlds.acting(world.inviter), earlier)


def test_while_a_registration_is_reviewed_its_address_is_not_invited_anew(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    registrant.submitted(landing_of(invitation))

    with time_machine.travel(invitation.expires_at + timedelta(days=1), tick=False), pytest.raises(Invalid) as refusal:
        worlds.invite(world)

    assert "under review" in refusal.value.fields["email"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by_staff", [False, True])
def test_twenty_at_the_same_moment_make_one(world: World, by_staff: bool) -> None:
    def invite() -> None:
        actor = world.operator if by_staff else worlds.acting(world.inviter)
        invitations.create(actor, company_name="Newco", email="kim@newco.example")

    answers = at_once([invite] * 20)

    assert Invitation.objects.count() == len(worlds.mails("invitation")) == 1
    assert [type(answer) for answer in answers if answer] == [Invalid] * 19


@pytest.mark.django_db(transaction=True)
def test_resending_and_inviting_at_the_same_moment_leave_one_open(world: World) -> None:
    earlier = worlds.invite(world)
    Invitation.objects.filter(pk=earlier.pk).update(expires_at=timezone.now())
    expire_due()
    actor = worlds.acting(world.inviter)

    answers = at_once([lambda: invitations.resend(actor, earlier), lambda: worlds.invite(world)])

    assert len([answer for answer in answers if answer is None]) == 1
    assert Invitation.objects.filter(state=InvitationState.SENT).count() == 1


# --- Extending --------------------------------------------------------------------------------------------------------
def test_extending_keeps_the_link_and_gives_the_full_time(world: World) -> None:
    invitation = worlds.invite(world)
    landing = landing_of(invitation)
    with time_machine.travel(invitation.expires_at - timedelta(seconds=1), tick=False):
        extended = invitations.extend(worlds.acting(world.inviter), invitation)
        assert extended.expires_at == timezone.now() + settings.INVITATION_LIFETIME

    with time_machine.travel(extended.expires_at - timedelta(seconds=1), tick=False):
        assert Client().get(landing).status_code == 200
    with time_machine.travel(extended.expires_at + timedelta(seconds=1), tick=False):
        assert Client().get(landing).status_code == 410
    assert len(worlds.mails("invitation")) == 1
    assert AuditEvent.objects.filter(action="orgs.invitation.extend", organization_id=world.aurora.pk).exists()


@pytest.mark.parametrize("late", [0, 1])
def test_what_has_ended_is_not_extended(world: World, late: int) -> None:
    invitation = worlds.invite(world)

    with time_machine.travel(invitation.expires_at + timedelta(seconds=late), tick=False), pytest.raises(Conflict):
        invitations.extend(worlds.acting(world.inviter), invitation)


@pytest.mark.parametrize("act", [invitations.extend, invitations.resend, invitations.revoke])
def test_staff_manage_all_and_other_organisations_none(world: World, act: Callable[..., Invitation]) -> None:
    with pytest.raises(NotAllowed):
        act(worlds.acting(world.stranger), worlds.invite(world))

    act(world.operator, Invitation.objects.get())


# --- The day's limit --------------------------------------------------------------------------------------------------
@pytest.fixture
def two_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAILS_A_DAY", Limit("invitation mails in a test", "2/day", FailMode.OPEN))


@pytest.mark.usefixtures("two_a_day")
def test_the_limit_is_the_organisations_and_says_what_to_do(world: World) -> None:
    invitation = worlds.invite(world)
    invitations.resend(worlds.acting(world.inviter), invitation)

    with pytest.raises(TooMany) as refusal:
        worlds.invite(world, email="b@b.example")

    assert "At most 2 invitation mails leave for one organisation a day" in refusal.value.sentence
    assert invitations.create(worlds.acting(world.stranger), company_name="N", email="n@n.example").organization


@pytest.mark.usefixtures("two_a_day")
def test_at_the_limit_nothing_typed_is_lost(world: World, browser_of: Callable[..., Client]) -> None:
    for address in ("a@a.example", "b@b.example"):
        worlds.invite(world, email=address)
    data = {"company_name": "Newco", "email": "kim@newco.example", "applications": [str(worlds.sft().pk)]}

    answer = browser_of(world.inviter).post("/administration/invitations/new/", data)

    assert answer.status_code == 429
    assert "Try again tomorrow." in answer.content.decode()
    assert "kim@newco.example" in answer.content.decode()


def test_a_refused_invitation_does_not_count(world: World, two_a_day: None) -> None:
    worlds.invite(world)
    for _ in range(3):
        with pytest.raises(Invalid):
            worlds.invite(world)

    assert worlds.invite(world, email="b@b.example").state == InvitationState.SENT
