"""What the clock and the post do to an invitation: reminded once, come back, asked for again."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from core import outbox
from core.errors import Conflict
from core.models import AuditEvent, Mail, MailState, SuppressionReason
from core.outbox import render, suppression
from orgs.models import Invitation, InvitationState, WizardStep
from orgs.services import approval, invitations
from orgs.tasks import remind_of_invitations
from tests.concurrency import at_once
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db
BEFORE = settings.INVITATION_REMINDER_BEFORE


def landing_of(invitation: Invitation) -> str:
    return f"/invitation/{worlds.secret_of(invitation)}/"


# --- Reminders --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("early", "mails"), [(1, 0), (0, 1), (-1, 1)])
def test_a_reminder_leaves_to_the_second(world: World, early: int, mails: int) -> None:
    invitation = worlds.invite(world)

    with time_machine.travel(invitation.expires_at - BEFORE - timedelta(seconds=early), tick=False):
        remind_of_invitations()

    assert len(worlds.mails("invitation_reminder")) == mails


@pytest.mark.parametrize(("late", "mails"), [(-1, 1), (0, 0), (1, 0)])
def test_nobody_is_reminded_of_what_has_ended(world: World, late: int, mails: int) -> None:
    invitation = worlds.invite(world)

    with time_machine.travel(invitation.expires_at + timedelta(seconds=late), tick=False):
        remind_of_invitations()

    assert len(worlds.mails("invitation_reminder")) == mails


def test_the_reminder_carries_the_link_they_have_and_comes_once(world: World) -> None:
    invitation = worlds.invite(world)
    landing = landing_of(invitation)

    with time_machine.travel(invitation.expires_at - BEFORE, tick=False):
        remind_of_invitations()
        remind_of_invitations()
        invitations.extend(worlds.acting(world.inviter), invitation)
    invitation.refresh_from_db()
    with time_machine.travel(invitation.expires_at - BEFORE, tick=False):
        remind_of_invitations()

    [mail] = worlds.mails("invitation_reminder")
    assert (mail.to, mail.about) == ("kim@newco.example", invitation.pk)
    assert landing in render(mail).text
    assert AuditEvent.objects.filter(action="orgs.invitation.remind").count() == 1


def test_each_sending_has_its_own_reminder(world: World) -> None:
    invitation = worlds.invite(world)
    with time_machine.travel(invitation.expires_at - BEFORE, tick=False):
        remind_of_invitations()
        again = invitations.resend(worlds.acting(world.inviter), invitation)

    with time_machine.travel(again.expires_at - BEFORE, tick=False):
        remind_of_invitations()

    assert len(worlds.mails("invitation_reminder")) == 2


@pytest.mark.parametrize("ending", ["revoked", "submitted", "approved", "bounced"])
def test_nobody_is_reminded_who_has_nothing_to_do(world: World, registrant: Registrant, ending: str) -> None:
    invitation = worlds.invite(world)
    if ending == "revoked":
        invitations.revoke(worlds.acting(world.inviter), invitation)
    elif ending == "bounced":
        worlds.come_back(invitation)
    else:
        registrant.submitted(landing_of(invitation))
        if ending == "approved":
            approval.approve(world.operator, registrant.stored())

    with time_machine.travel(invitation.expires_at - BEFORE, tick=False):
        remind_of_invitations()

    assert worlds.mails("invitation_reminder") == []


def test_who_has_begun_is_reminded_too(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    registrant.begin(landing_of(invitation))

    with time_machine.travel(invitation.expires_at - BEFORE, tick=False):
        remind_of_invitations()

    assert len(worlds.mails("invitation_reminder")) == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_the_same_moment_remind_once(world: World) -> None:
    invitation = worlds.invite(world)

    with time_machine.travel(invitation.expires_at - BEFORE, tick=False):
        assert at_once([invitations.remind_due] * 4) == [None] * 4

    assert len(worlds.mails("invitation_reminder")) == 1


# --- Mail that comes back ---------------------------------------------------------------------------------------------
def test_a_bounce_is_told_at_the_invitation_and_to_its_inviter(world: World) -> None:
    invitation = worlds.invite(world)

    worlds.come_back(invitation, "550 5.1.1 No such user")

    assert (invitation.state, invitation.bounce_reason) == (InvitationState.BOUNCED, "550 5.1.1 No such user")
    assert invitation.bounced_at is not None
    [mail] = worlds.mails("invitation_bounced")
    assert mail.to == world.inviter.user.email
    assert "550 5.1.1 No such user" in render(mail).text
    assert f"/administration/invitations/{invitation.pk}/" in render(mail).text


def test_a_bounced_invitation_is_nobodys_twin_and_can_be_resent(world: World) -> None:
    invitation = worlds.invite(world)
    worlds.come_back(invitation)
    actor = worlds.acting(world.inviter)

    again = invitations.resend(actor, invitation)
    assert (again.state, again.bounced_at, again.bounce_reason) == (InvitationState.SENT, None, "")

    worlds.come_back(again)
    assert worlds.invite(world).state == InvitationState.SENT


def test_a_bounce_after_a_scanner_has_opened_the_link_counts(world: World) -> None:
    invitation = worlds.invite(world)
    Client().get(landing_of(invitation))

    worlds.come_back(invitation)

    assert invitation.state == InvitationState.BOUNCED


def test_whoever_opens_a_link_that_came_back_has_it_after_all(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    worlds.come_back(invitation)

    registrant.submitted(landing_of(invitation))

    invitation.refresh_from_db()
    assert invitation.state == InvitationState.STARTED


def test_a_link_that_came_back_gives_way_to_a_newer_invitation(world: World) -> None:
    invitation = worlds.invite(world)
    landing = landing_of(invitation)
    worlds.come_back(invitation)
    worlds.invite(world)

    page = Client().get(landing)

    assert page.status_code == 410
    assert "This link was replaced" in page.content.decode()


def test_once_begun_a_bounce_changes_nothing(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    registrant.begin(landing_of(invitation))

    worlds.come_back(invitation)

    assert (invitation.state, worlds.mails("invitation_bounced")) == (InvitationState.STARTED, [])


def test_a_bounce_does_not_keep_the_operator_from_deciding(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    registrant.up_to(WizardStep.REVIEW, landing_of(invitation))
    invitations.resend(worlds.acting(world.inviter), invitation)
    registrant.submit()

    worlds.come_back(invitation)

    assert invitation.state == InvitationState.SENT
    assert approval.approve(world.operator, registrant.stored())
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.ACCEPTED


def test_a_notice_that_comes_back_from_the_inviter_is_no_bounce_of_the_invitation(world: World) -> None:
    invitation = worlds.invite(world)
    invitations.ask_for_another(worlds.VISITOR, invitation)
    [notice] = worlds.mails("invitation_asked_for")
    Mail.objects.filter(pk=notice.pk).update(state=MailState.SENT, sent_at=notice.created_at)
    notice.refresh_from_db()

    outbox.bounce(worlds.PEN, notice, reason="Mailbox full", suppress=False)

    invitation.refresh_from_db()
    assert invitation.state == InvitationState.SENT


def test_resending_to_a_suppressed_address_says_why_not(world: World) -> None:
    invitation = worlds.invite(world)
    suppression.add(worlds.PEN, address=invitation.email, reason=SuppressionReason.BOUNCED, note="550")

    with pytest.raises(Conflict, match="sends no mail"):
        invitations.resend(worlds.acting(world.inviter), invitation)


# --- Asking for another -----------------------------------------------------------------------------------------------
def test_where_staff_invited_staff_are_asked(world: World) -> None:
    invitation = invitations.create(world.operator, company_name="Newco", email="kim@newco.example")

    Client().post(f"{landing_of(invitation)}ask/")

    [mail] = worlds.mails("invitation_asked_for")
    assert mail.to == world.staff.email
    assert f"/admin/orgs/invitation/{invitation.pk}/change/" in render(mail).text


def test_where_nobody_of_the_organisation_is_left_staff_are_asked(world: World) -> None:
    invitation = worlds.invite(world)
    type(world.inviter).objects.filter(organization=world.aurora).update(state="closed")

    Client().post(f"{landing_of(invitation)}ask/")

    assert [mail.to for mail in worlds.mails("invitation_asked_for")] == [world.staff.email]
