"""The wizard's pages with everything wrong, its ends, and what a registration or request that was decided shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from core import tokens
from orgs.models import ChangeRequest, DenialCode, JoinRequest, Registration, WizardStep
from orgs.services import approval, join_decisions, review
from orgs.services.registrations import letters
from orgs.tasks import expire_due
from tests.orgs import changes
from tests.orgs import world as worlds
from tests.orgs.browsing import Viewer
from tests.orgs.joiner import Joiner
from tests.orgs.registrant import Registrant
from tests.orgs.submissions import submitted
from tests.orgs.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def status_page(registration: Registration) -> str:
    token = tokens.issue(letters.LINK, registration.pk, lifetime=timedelta(days=1))
    return f"/registration/{tokens.secret_of(token)}/"


def test_every_step_says_what_is_wrong(viewer: Viewer) -> None:
    registrant = Registrant("127.0.0.1")
    registrant.up_to(WizardStep.WELCOME)
    viewer.take_over(registrant.client)

    viewer.see("wizard-welcome", registrant.url(WizardStep.WELCOME))
    viewer.press("Continue")
    viewer.press("Next")
    viewer.see("wizard-profile-wrong")
    registrant.profile()
    viewer.open(registrant.url(WizardStep.ADMINISTRATOR))
    viewer.page.get_by_label("Create somebody else").check()
    viewer.press("Next")
    viewer.see("wizard-administrator-wrong")
    registrant.create_administrator()
    viewer.open(registrant.url(WizardStep.ONE_TIME_PASSWORD))
    viewer.fill(one_time_password="Petra Petra")
    viewer.press("Create")
    viewer.see("wizard-one-time-password-wrong")
    registrant.one_time_password()
    viewer.open(registrant.url(WizardStep.APPLICATION_ADMINISTRATORS))
    viewer.press("Next")
    viewer.see("wizard-application-administrators-wrong")
    viewer.page.get_by_role("link", name="Petra Ortiz").click()
    viewer.see("wizard-person")
    viewer.page.get_by_role("link", name="Cancel").click()
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("Application Administrator(s)")
    registrant.select_application_administrators(registrant.named("Petra"))
    viewer.see("wizard-review", registrant.url(WizardStep.REVIEW))
    for edit in viewer.page.get_by_role("link", name="Edit").all():
        viewer.open(str(edit.get_attribute("href")))
        viewer.page.get_by_role("link", name="Back").click()
        expect(viewer.page.get_by_role("heading", level=1)).to_have_text("Review registration details")
    viewer.press("Submit")
    viewer.see("wizard-submitted")


def test_every_way_back_into_the_wizard_and_every_end_of_it(world: World, viewer: Viewer) -> None:
    registrant = Registrant("127.0.0.1")
    invitation = worlds.invite(world)
    registrant.up_to(WizardStep.REVIEW, f"/invitation/{worlds.secret_of(invitation)}/")
    review_page = registrant.url(WizardStep.REVIEW)

    viewer.see("wizard-not-here", review_page, status=404)
    viewer.see("wizard-resume", "/register/resume/")
    viewer.fill(email="kim@newco.example")
    viewer.page.locator("main button.btn-primary").click()
    viewer.see("wizard-resume-sent")
    viewer.take_over(registrant.client)
    viewer.open(review_page)
    viewer.press("Save & resume later")
    viewer.see("wizard-later")
    viewer.see("wizard-begun-already", "/register/")
    type(invitation).objects.update(expires_at=timezone.now())
    viewer.see("wizard-invitation-ended", review_page, status=410)
    type(invitation).objects.update(expires_at=timezone.now() + timedelta(days=90))
    Registration.objects.update(expires_at=timezone.now())
    expire_due()
    viewer.see("wizard-expired", review_page, status=410)


def test_the_status_page_of_every_decision(world: World, viewer: Viewer) -> None:
    decided = {name: submitted(f"{name} Metals Ltd", named=[f"{name}@newco.example"]) for name in
               ("approved", "merged", "denied", "unanswered")}  # fmt: skip
    approval.approve(world.operator, decided["approved"])
    approval.merge(world.operator, decided["merged"], organization=world.elsewhere)
    approval.deny(
        world.operator,
        decided["denied"],
        code=DenialCode.NOT_VERIFIED,
        reason="The register of companies does not know this name.",
    )
    review.ask(world.operator, decided["unanswered"], question="Which of the two addresses is yours?")
    with time_machine.travel(timezone.now() + timedelta(days=60), tick=False):
        expire_due()

    for name, registration in decided.items():
        viewer.see(f"status-{name}", status_page(registration))


def test_the_page_of_every_decision_on_a_request_to_join(world: World, viewer: Viewer) -> None:
    pages: dict[str, str] = {}
    people = {"approved": "Ada", "denied": "Dan", "expired": "Eve", "withdrawn": "Wim"}
    requests: dict[str, JoinRequest] = {}
    for name, first_name in people.items():
        joiner = Joiner(f"203.0.113.{60 + len(pages)}")
        requests[name] = joiner.asks(world.aurora, first_name=first_name, email=f"{name}@aurora.example")
        pages[name] = joiner.page
        if name == "withdrawn":
            joiner.client.post(f"{joiner.page}withdraw/")
    join_decisions.approve(worlds.acting(world.inviter), requests["approved"])
    join_decisions.deny(worlds.acting(world.inviter), requests["denied"], reason="Nobody here knows you.")
    JoinRequest.objects.filter(pk=requests["expired"].pk).update(expires_at=timezone.now())

    for name, page in pages.items():
        viewer.see(f"join-{name}", page)
    viewer.see("join-link-ended", "/join/not-a-link/", status=404)
    viewer.sign_in(world.inviter)
    viewer.open("/administration/join-requests/")
    viewer.page.get_by_role("link", name="Show all").click()
    viewer.see("join-requests-decided")


def test_an_organisation_asks_for_a_change(world: World, viewer: Viewer) -> None:
    changes.with_profile(world)
    viewer.sign_in(world.inviter)
    viewer.see("organization", "/administration/organization/")
    viewer.open("/administration/organization/edit/")
    viewer.fill(legal_name="", city="Topeka")
    viewer.press("Save")
    viewer.see("organization-edit-wrong")
    viewer.fill(legal_name="Aurora Aerospace Inc", message=changes.WHY)
    viewer.press("Save")
    expect(viewer.page.get_by_text("Waiting for Exostar").first).to_be_visible()
    viewer.see("organization-change-waits")
    viewer.see("organization-edit-again", "/administration/organization/edit/")
    viewer.see("organization-administrator", f"/administration/users/{world.employee.pk}/organization-administrator/")
    request = ChangeRequest.objects.get()
    viewer.sign_in(world.staff)
    viewer.see("operator-change-requests", changes.QUEUE)
    viewer.see("operator-change-request", f"{changes.QUEUE}{request.pk}/change/")
