"""Every page that an invitation can show, to its reader and to its sender: for all eyes, screens and lights."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from orgs.models import Invitation, Membership, Organization, WizardStep
from orgs.services import invitations
from orgs.tasks import expire_due
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.browsing import Viewer
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

LIST = "/administration/invitations/"
MANY = f"{LIST}many/"
FAULTY = """Company,E-mail,First name,Last name,Reference,Applications,Message
Newco,kim@newco.example,Kim,Novak,4711,Secure File Transfer,
,nobody,,,,Word processor,
Newco again,KIM@newco.example,,,,,
"""


def invite(world: World, name: str, *, inviter: Membership | None = None, **changes: Any) -> Invitation:
    return invitations.create(
        worlds.acting(inviter or world.inviter),
        **{
            "company_name": f"{name} Metals",
            "email": f"kim@{name.lower()}.example",
            "first_name": "Kim",
            "last_name": "Novak",
            "message": "Dear Kim,\nplease register, so that we can send you the drawings.",
            "applications": [worlds.sft()],
            **changes,
        },
    )


def landing(invitation: Invitation) -> str:
    return f"/invitation/{worlds.secret_of(invitation)}/"


def test_what_the_reader_sees(world: World, viewer: Viewer) -> None:
    Organization.objects.filter(pk=world.elsewhere.pk).update(email_domains=["known.example"])
    known = invite(world, "Known")
    member = invite(world, "Elsewhere", email=world.stranger.user.email)
    begun = invite(world, "Begun")
    handed_in = invite(world, "Handed")

    viewer.see("invitation", landing(invite(world, "New")))
    expect(viewer.page.get_by_text("What to have at hand")).to_be_visible()
    viewer.press("Continue")
    viewer.see("invitation-wrong-captcha")
    viewer.see("invitation-of-a-colleague", landing(invite(world, "Any", colleague_allowed=True)))
    viewer.see("invitation-join", landing(known))
    viewer.page.get_by_role("link", name="Ask to join").click()
    expect(viewer.page.locator("[name=new-email], [name=email]").first).to_have_value("kim@known.example")
    viewer.see("invitation-join-form")
    viewer.see("invitation-sign-in", landing(member))
    Registrant().up_to(WizardStep.PROFILE, landing(begun))
    viewer.see("invitation-continue", landing(begun))
    Registrant().submitted(landing(handed_in))
    viewer.see("invitation-submitted", landing(handed_in))
    viewer.see("invitation-unknown", "/invitation/not-a-link/", status=404)


def test_what_the_reader_sees_of_one_that_ended(world: World, viewer: Viewer) -> None:
    revoked, replaced, used, late = (invite(world, name) for name in ("Revoked", "Replaced", "Used", "Late"))
    old = landing(replaced)
    invitations.revoke(worlds.acting(world.inviter), revoked)
    invitations.resend(worlds.acting(world.inviter), replaced)
    Invitation.objects.filter(pk=used.pk).update(state="accepted", accepted_at=timezone.now())
    Invitation.objects.filter(pk=late.pk).update(expires_at=timezone.now())

    viewer.see("invitation-revoked", landing(revoked), status=410)
    viewer.see("invitation-replaced", old, status=410)
    viewer.see("invitation-used", landing(used), status=410)
    viewer.see("invitation-expired", landing(late), status=410)
    viewer.press("Ask for a new one")
    viewer.see("invitation-asked")


def test_what_an_organisation_with_an_account_sees(world: World, viewer: Viewer) -> None:
    clerk, passer_by = worlds.member(world.elsewhere, "Clara"), worlds.member(worlds.company("Third Ltd"), "Theo")
    to_the_administrator = invite(world, "Elsewhere", email=world.stranger.user.email)
    to_the_clerk = invite(world, "Elsewhere", email=clerk.user.email)

    viewer.sign_in(clerk)
    viewer.open(landing(to_the_clerk))
    viewer.press("Look at the invitation")
    viewer.see("received-pass-on")
    viewer.sign_in(passer_by)
    viewer.see("received-not-yours", f"/received-invitations/{to_the_administrator.pk}/", status=404)
    viewer.sign_in(world.stranger)
    viewer.see("invitation-signed-in", landing(to_the_administrator))
    viewer.press("Look at the invitation")
    viewer.see("received")
    viewer.press("Accept the invitation")
    viewer.see("received-accepted", f"/received-invitations/{to_the_administrator.pk}/")


def test_what_the_sender_sees(world: World, viewer: Viewer) -> None:
    viewer.sign_in(world.inviter)
    viewer.see("invitations-none", LIST)
    viewer.see("invite", f"{LIST}new/")
    viewer.press("Send invitation")
    viewer.see("invite-wrong")
    sent, back, revoked, late = (invite(world, name) for name in ("Sent", "Back", "Revoked", "Late"))
    worlds.come_back(back)
    invitations.revoke(worlds.acting(world.inviter), revoked)
    with time_machine.travel(late.expires_at + timedelta(seconds=1), tick=False):
        expire_due()
    begun = invite(world, "Begun", external_reference="SUP-4711")
    submissions.submitted("Begun Metals Ltd", invitation=begun)
    viewer.see("invitations", LIST)
    for name, invitation in {"sent": sent, "came-back": back, "expired": late, "begun": begun}.items():
        viewer.see(f"invitation-page-{name}", f"{LIST}{invitation.pk}/")


def test_what_the_sender_of_many_sees(world: World, viewer: Viewer) -> None:
    viewer.sign_in(world.inviter)
    viewer.see("invite-many", MANY)
    for content, name in ((FAULTY, "invite-many-faulty"), (FAULTY[: FAULTY.index("\n,")], "invite-many-checked")):
        viewer.open(MANY)
        viewer.page.locator("input[type=file]").set_input_files(
            {"name": "partners.csv", "mimeType": "text/csv", "buffer": content.encode()}
        )
        viewer.page.get_by_label("Secure File Transfer").check()
        viewer.press("Check the file")
        viewer.see(name)
