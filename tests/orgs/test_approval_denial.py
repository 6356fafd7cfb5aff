"""Denial: a reason that the registrant reads, a code for reports, and no secrets left."""

from __future__ import annotations

import pytest
from django.test import Client

from core.errors import Conflict, Invalid
from core.models import AuditEvent
from core.outbox import render
from orgs.models import DenialCode, Registration, RegistrationState
from orgs.services import approval, review
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def submitted(db: None) -> Registration:
    return submissions.submitted()


def test_a_denial_mails_its_reason(world: World, submitted: Registration) -> None:
    approval.deny(world.operator, submitted, reason="  The CAGE code belongs to “Other & Co”. ")

    submitted.refresh_from_db()
    assert submitted.denial_reason == "The CAGE code belongs to “Other & Co”."
    [mail] = worlds.mails("registration_denied")
    assert mail.to == "kim@newco.example"
    assert "The CAGE code belongs to “Other & Co”." in render(mail).text
    page = Client().get(worlds.link_in(mail, "/registration/")).content.decode()
    assert "The CAGE code belongs to “Other &amp; Co”." in page
    assert set(submitted.administrators.values_list("one_time_password_hash", flat=True)) == {""}


def test_its_code_is_stored_for_reports(world: World, submitted: Registration) -> None:
    approval.deny(world.operator, submitted, code=DenialCode.IDENTIFIERS, reason="The CAGE code is another’s.")

    submitted.refresh_from_db()
    assert submitted.denial_code == DenialCode.IDENTIFIERS
    event = AuditEvent.objects.get(action="orgs.registration.deny")
    assert (event.data["code"], event.reason) == ("identifiers", "The CAGE code is another’s.")


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_denial_needs_a_reason(world: World, submitted: Registration, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        approval.deny(world.operator, submitted, reason=reason)
    with pytest.raises(Invalid):
        approval.deny_many(world.operator, [submitted], reason=reason)

    assert "reason" in refused.value.fields
    submitted.refresh_from_db()
    assert submitted.state == RegistrationState.SUBMITTED


def test_what_waits_for_an_answer_can_be_denied_and_not_approved(world: World, submitted: Registration) -> None:
    review.ask(world.operator, submitted, question="Which site?")

    with pytest.raises(Conflict):
        approval.approve(world.operator, submitted)
    with pytest.raises(Conflict):
        approval.merge(world.operator, submitted, organization=world.elsewhere)
    denied = approval.deny(world.operator, submitted, code=DenialCode.UNANSWERED, reason="You did not answer.")

    assert denied.state == RegistrationState.DENIED
