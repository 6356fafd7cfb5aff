"""Invitations: what the services do, and what the landing page says in each state."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from core.errors import Conflict, Gone, Invalid, NotAllowed
from core.models import AuditEvent
from core.outbox import render
from orgs.models import Invitation, InvitationState, Partnership, Registration, RegistrationState, WizardStep
from orgs.services import approval, invitations, organizations
from orgs.services.registrations import drafts, submission
from orgs.tasks import expire_due
from tests.concurrency import behind_us
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


def landing_of(invitation: Invitation) -> str:
    return f"/invitation/{worlds.secret_of(invitation)}/"


def test_inviting_mails_a_link_that_lives_for_thirty_days(world: World) -> None:
    invitation = worlds.invite(world)

    [mail] = worlds.mails("invitation")
    assert invitation.state == InvitationState.SENT
    assert mail.to == "kim@newco.example"
    assert abs(invitation.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert worlds.secret_of(invitation) not in str(mail.links), "the row itself opens nothing"
    assert worlds.secret_of(invitation) in render(mail).html


def test_an_invitation_and_its_mail_are_one_transaction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.outbox.post", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        worlds.invite(world)

    assert not Invitation.objects.exists()


@pytest.mark.parametrize("who", ["inviter", "approver"])
def test_administrators_may_invite(world: World, who: str) -> None:
    actor = worlds.acting(getattr(world, who))

    assert invitations.create(actor, company_name="Newco", email="a@b.example").state == InvitationState.SENT


def test_a_member_with_the_right_may_invite_and_one_without_may_not(world: World) -> None:
    entitled = worlds.member(world.aurora, "Ines", can_invite=True)

    assert invitations.create(worlds.acting(entitled), company_name="Newco", email="a@b.example").invited_by == entitled
    with pytest.raises(NotAllowed):
        invitations.create(worlds.acting(world.employee), company_name="Newco", email="c@d.example")


def test_the_same_address_is_not_invited_twice_at_a_time(world: World) -> None:
    worlds.invite(world)

    with pytest.raises(Invalid) as refusal:
        worlds.invite(world, email="KIM@newco.example")
    assert "open invitation to this address" in refusal.value.fields["email"]
    elsewhere = invitations.create(worlds.acting(world.stranger), company_name="Newco", email="kim@newco.example")
    assert elsewhere.organization == world.elsewhere


def test_opening_is_noted_once_and_uses_nothing_up(world: World) -> None:
    invitation = worlds.invite(world)
    landing = landing_of(invitation)

    answers = [Client().get(landing).status_code for _ in range(3)]

    invitation.refresh_from_db()
    assert answers == [200, 200, 200]
    assert invitation.state == InvitationState.OPENED
    assert AuditEvent.objects.filter(action="orgs.invitation.open").count() == 1


def test_a_scanner_that_asks_for_headers_only_is_not_noted(world: World) -> None:
    invitation = worlds.invite(world)

    assert Client().head(landing_of(invitation)).status_code == 200

    invitation.refresh_from_db()
    assert invitation.state == InvitationState.SENT


def test_the_landing_page_says_who_what_and_until_when(world: World) -> None:
    page = Client().get(landing_of(worlds.invite(world))).content.decode()

    for text in ("Olivia Baker, Aurora Aerospace &amp; Sons", "Secure File Transfer", "in 30 days", "Newco Metals"):
        assert text in page


def test_a_link_that_was_never_issued_is_not_found(world: World) -> None:
    worlds.invite(world)

    assert Client().get("/invitation/nothing-like-it/").status_code == 404


@pytest.mark.parametrize(("late", "status"), [(-1, 200), (1, 410)])
def test_a_link_ends_to_the_second(world: World, late: int, status: int) -> None:
    invitation = worlds.invite(world)
    landing = landing_of(invitation)

    with time_machine.travel(invitation.expires_at + timedelta(seconds=late), tick=False):
        page = Client().get(landing)

    assert page.status_code == status
    assert ("This invitation expired on" in page.content.decode()) is (status == 410)


@pytest.mark.parametrize("is_closed", [False, True])
def test_nothing_begins_in_the_name_of_a_company_that_is_shut_out(
    world: World, registrant: Registrant, browser_of: Callable[..., Client], is_closed: bool
) -> None:
    begun, fresh = worlds.invite(world), worlds.invite(world, email="li@otherco.example")
    received = worlds.invite(world, email=world.stranger.user.email)
    registrant.up_to(WizardStep.REVIEW, landing_of(begun))
    organizations.suspend(world.operator, world.aurora, reason="Fraud.")
    if is_closed:
        organizations.close(world.operator, world.aurora, reason="Fraud.")

    page = Client().get(landing_of(fresh))

    assert page.status_code == 410
    assert "do not work at present" in page.content.decode()
    assert "Fraud" not in page.content.decode()
    assert Client().post(f"{landing_of(fresh)}by-mail/").status_code == 410
    assert Client().get(f"{landing_of(fresh)}join/").headers["Location"] == landing_of(fresh)
    assert registrant.submit().status_code == 410
    assert registrant.stored().state == RegistrationState.DRAFT
    accepted = browser_of(world.stranger).post(f"/received-invitations/{received.pk}/accept/")
    assert accepted.status_code == 409
    assert not Partnership.objects.exists()
    for act in (invitations.extend, invitations.resend):
        with pytest.raises(Conflict):
            act(world.operator, fresh)
    with time_machine.travel(fresh.expires_at - timedelta(hours=1)):
        assert invitations.remind_due() == 0


def test_what_was_held_up_goes_on_once_the_company_is_back(world: World, registrant: Registrant) -> None:
    registrant.up_to(WizardStep.REVIEW, landing_of(worlds.invite(world)))
    organizations.suspend(world.operator, world.aurora, reason="Unpaid.")
    assert registrant.submit().status_code == 410
    organizations.reactivate(world.operator, world.aurora, reason="Paid.")

    registrant.submit()

    assert registrant.stored().state == RegistrationState.SUBMITTED


def test_a_revoked_link_says_so_and_begins_nothing(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    landing = landing_of(invitation)
    invitations.revoke(worlds.acting(world.inviter), invitation)

    page = registrant.get(landing)

    assert page.status_code == 410
    assert "has revoked this invitation" in page.content.decode()
    assert registrant.client.post(landing, {"continue": "1"}).status_code == 410
    with pytest.raises(Gone):
        drafts.start(worlds.VISITOR, invitation=invitation)
    assert not Registration.objects.exists()


def test_resending_ends_the_old_link_and_sends_a_new_one(world: World) -> None:
    invitation = worlds.invite(world)
    old = landing_of(invitation)

    invitations.resend(worlds.acting(world.inviter), invitation)

    assert "This link was replaced" in Client().get(old).content.decode()
    assert landing_of(invitation) != old
    assert Client().get(landing_of(invitation)).status_code == 200
    assert len(worlds.mails("invitation")) == 2


def test_an_expired_invitation_can_be_sent_again_for_the_full_time(world: World) -> None:
    invitation = worlds.invite(world)
    with time_machine.travel(invitation.expires_at + timedelta(days=1), tick=False):
        expire_due()
        invitation.refresh_from_db()
        assert invitation.state == InvitationState.EXPIRED
        again = invitations.resend(worlds.acting(world.inviter), invitation)
        assert again.expires_at == timezone.now() + settings.INVITATION_LIFETIME
        assert Client().get(landing_of(invitation)).status_code == 200


def test_a_revoked_invitation_cannot_be_resent(world: World) -> None:
    actor = worlds.acting(world.inviter)
    invitation = invitations.revoke(actor, worlds.invite(world))

    with pytest.raises(Conflict):
        invitations.resend(actor, invitation)


@pytest.mark.parametrize("act", [invitations.resend, invitations.revoke])
def test_once_submitted_an_invitation_stays_as_it_is(
    world: World, registrant: Registrant, act: Callable[..., Invitation]
) -> None:
    invitation = worlds.invite(world)
    registrant.submitted(landing_of(invitation))

    with pytest.raises(Conflict, match="already submitted its registration"):
        act(worlds.acting(world.inviter), invitation)


def test_the_sweep_leaves_an_invitation_alone_while_its_registration_is_reviewed(
    world: World, registrant: Registrant
) -> None:
    invitation = worlds.invite(world)
    registrant.submitted(landing_of(invitation))

    with time_machine.travel(invitation.expires_at + timedelta(days=1), tick=False):
        expire_due()
        organization = approval.approve(world.operator, registrant.stored())

    invitation.refresh_from_db()
    assert invitation.state == InvitationState.ACCEPTED
    assert organization
    assert organization.partnerships.filter(partner=world.aurora).exists()


@pytest.mark.django_db(transaction=True)
def test_the_sweep_looks_again_at_what_was_resent_while_it_waited(world: World) -> None:
    invitation = worlds.invite(world)
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now())

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        invitations.resend(worlds.acting(world.inviter), invitation)
        sweep = behind_us(pool, invitations.expire_due)

    assert sweep.result() == 0
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.SENT


@pytest.mark.django_db(transaction=True)
def test_the_sweep_looks_again_at_what_was_submitted_while_it_waited(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    registrant.up_to(WizardStep.REVIEW, landing_of(invitation))

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        submission.submit(worlds.VISITOR, registrant.stored())
        with time_machine.travel(invitation.expires_at + timedelta(seconds=1)):
            sweep = behind_us(pool, invitations.expire_due)

    assert sweep.result() == 0
    approval.approve(world.operator, registrant.stored())


def test_a_used_link_says_so(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world)
    landing = landing_of(invitation)
    registrant.submitted(landing)
    assert "This invitation has been used" in Registrant("203.0.113.81").get(landing).content.decode()
    approval.approve(world.operator, registrant.stored())

    page = Registrant("203.0.113.81").get(landing)

    assert page.status_code == 410
    assert "Newco Metals is registered." in page.content.decode()


def test_after_a_denial_the_link_begins_anew(world: World, registrant: Registrant) -> None:
    landing = landing_of(worlds.invite(world))
    approval.deny(world.operator, registrant.submitted(landing), reason="Wrong company.")

    again = Registrant("203.0.113.81").begin(landing)

    assert again.pk != registrant.stored().pk
    assert again.invitation == registrant.stored().invitation


def test_one_invitation_has_one_live_registration(world: World) -> None:
    invitation = worlds.invite(world)

    assert drafts.start(worlds.VISITOR, invitation=invitation) == drafts.start(worlds.VISITOR, invitation=invitation)


def test_whoever_holds_an_ended_link_can_ask_for_a_new_one(world: World) -> None:
    invitation = worlds.invite(world)
    landing = landing_of(invitation)
    invitations.revoke(worlds.acting(world.inviter), invitation)

    page = Client().post(f"{landing}ask/").content.decode()

    assert "We have mailed Aurora Aerospace &amp; Sons" in page
    [mail] = worlds.mails("invitation_asked_for")
    assert mail.to == world.inviter.user.email
    assert "/administration/invitations/" in render(mail).text


def test_asking_is_limited(world: World) -> None:
    landing = landing_of(worlds.invite(world))

    answers = [Client().post(f"{landing}ask/").status_code for _ in range(4)]

    assert answers == [200, 200, 200, 429]


def test_when_the_inviter_has_left_the_organization_administrators_are_asked(world: World) -> None:
    invitation = invitations.create(worlds.acting(world.approver), company_name="Newco", email="kim@newco.example")
    type(world.approver).objects.filter(pk=world.approver.pk).update(state="suspended", suspension_reason="left")

    Client().post(f"{landing_of(invitation)}ask/")

    assert [mail.to for mail in worlds.mails("invitation_asked_for")] == [world.inviter.user.email]
