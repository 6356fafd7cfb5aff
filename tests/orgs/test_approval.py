"""Approval: complete or not at all, and nobody exists before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts import queries as people_queries
from accounts.models import OneTimePassword, User
from core.actor import Actor
from core.errors import Conflict
from core.models import AuditEvent, Mail
from core.outbox import render
from orgs import ports
from orgs.models import (
    InvitationState,
    Organization,
    OrganizationState,
    Partnership,
    Registration,
    RegistrationState,
    WizardStep,
)
from orgs.services import approval
from orgs.services.sign_in import MembersOnly
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import ONE_TIME_PASSWORD, World

pytestmark = pytest.mark.django_db


class Listener:
    """Stands in for the floor above and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.refuses = False

    def organization_approved(self, actor: Actor, **what: Any) -> None:
        if self.refuses:
            raise RuntimeError("nothing upstairs")
        self.told.append(what)


@pytest.fixture
def listener() -> Iterator[Listener]:
    before = ports.onboarding_listener()
    stand_in = Listener()
    ports.onboarding_listener.bind(stand_in)
    yield stand_in
    ports.onboarding_listener.bind(before)


@pytest.fixture
def submitted(world: World) -> Registration:
    return submissions.submitted(invitation=worlds.invite(world))


def approved(world: World, registration: Registration) -> Organization:
    organization = approval.approve(world.operator, registration)
    assert organization is not None
    return organization


def test_the_organisation_takes_over_what_was_entered(world: World, submitted: Registration) -> None:
    organization = approved(world, submitted)

    submitted.refresh_from_db()
    assert organization.state == OrganizationState.ACTIVE
    assert organization.profile() == submitted.profile()
    assert (submitted.state, submitted.organization, submitted.decided_by_id) == (
        "approved",
        organization,
        world.staff.pk,
    )


def test_the_floor_above_hears_of_organisation_applications_and_administrators(
    world: World, submitted: Registration, listener: Listener
) -> None:
    organization = approved(world, submitted)

    [told] = listener.told
    assert told["organization"] == organization
    assert told["applications"] == [worlds.sft()]
    named = [(entry.role.value, entry.application) for entry in told["administrators"]]
    assert named == [("oa", None), ("aa", worlds.sft())]


def test_a_listener_that_fails_leaves_nothing_behind(world: World, submitted: Registration, listener: Listener) -> None:
    listener.refuses = True
    before = (Organization.objects.count(), User.objects.count(), Mail.objects.count(), AuditEvent.objects.count())

    with pytest.raises(RuntimeError):
        approval.approve(world.operator, submitted)

    assert before == (
        Organization.objects.count(),
        User.objects.count(),
        Mail.objects.count(),
        AuditEvent.objects.count(),
    )
    submitted.refresh_from_db()
    assert submitted.state == RegistrationState.SUBMITTED


def test_a_mail_that_cannot_be_queued_leaves_no_half_organisation(
    world: World, submitted: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Organization.objects.count()
    monkeypatch.setattr("core.outbox.enqueue", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        approval.approve(world.operator, submitted)

    assert Organization.objects.count() == before
    assert people_queries.user_by_email("kim@newco.example") is None


def test_before_approval_nobody_of_the_organisation_exists(submitted: Registration) -> None:
    assert people_queries.user_by_email("kim@newco.example") is None


def test_after_approval_they_may_sign_in_and_the_draft_forgets_the_secret(
    world: World, submitted: Registration
) -> None:
    approved(world, submitted)

    kim = people_queries.user_by_email("kim@newco.example")
    assert kim is not None
    assert MembersOnly().may_sign_in(kim)
    assert OneTimePassword.objects.get(user=kim).secret_hash != ""
    assert set(submitted.administrators.values_list("one_time_password_hash", flat=True)) == {""}


@pytest.mark.parametrize("decision", ["approve", "merge", "deny"])
def test_the_one_time_password_is_in_no_mail_and_no_event(world: World, submitted: Registration, decision: str) -> None:
    submissions.name(submitted, "ana@newco.example")
    secret_hash = submitted.administrators.first().one_time_password_hash  # type: ignore[union-attr]

    if decision == "approve":
        approval.approve(world.operator, submitted)
    elif decision == "merge":
        approval.merge(world.operator, submitted, organization=world.elsewhere)
    else:
        approval.deny(world.operator, submitted, reason="Not a supplier.")

    letters = [render(mail) for mail in Mail.objects.all()]
    told = "".join(f"{letter.subject}{letter.text}{letter.html}" for letter in letters)
    stored = str([*Mail.objects.values_list("context", "links"), *AuditEvent.objects.values_list("data", "reason")])
    assert "Kim" in told
    for secret in (ONE_TIME_PASSWORD, ONE_TIME_PASSWORD.replace(" ", ""), secret_hash):
        assert secret not in told
        assert secret not in stored


def test_every_administrator_hears_their_user_id_and_what_to_do(world: World, submitted: Registration) -> None:
    submissions.name(submitted, "ana@newco.example")

    approved(world, submitted)

    for mail in worlds.mails("registration_approved"):
        user = people_queries.user_by_email(mail.to)
        assert user is not None
        text = render(mail).text
        for words in (user.user_id, "Organization Administrator", "First-Time Login", "/first-time-login/"):
            assert words in text
    assert {mail.to for mail in worlds.mails("registration_approved")} == {"kim@newco.example", "ana@newco.example"}


def test_mails_speak_the_language_of_the_registration(world: World) -> None:
    registration = submissions.submitted(language="de")

    approved(world, registration)

    assert {mail.language for mail in worlds.mails("registration_approved")} == {"de"}


def test_partnerships_are_written_both_ways_once(world: World, submitted: Registration) -> None:
    organization = approved(world, submitted)

    pairs = set(Partnership.objects.values_list("organization_id", "partner_id"))
    assert pairs == {(organization.pk, world.aurora.pk), (world.aurora.pk, organization.pk)}
    assert submitted.invitation is not None
    submitted.invitation.refresh_from_db()
    assert submitted.invitation.state == InvitationState.ACCEPTED
    assert submitted.invitation.accepted_by == organization


def test_a_decision_is_made_once(world: World, submitted: Registration) -> None:
    approved(world, submitted)

    with pytest.raises(Conflict):
        approval.approve(world.operator, submitted)
    with pytest.raises(Conflict):
        approval.deny(world.operator, submitted, reason="Too late.")
    with pytest.raises(Conflict):
        approval.merge(world.operator, submitted, organization=world.elsewhere)
    assert Organization.objects.filter(legal_name=submitted.legal_name).count() == 1


def test_a_draft_cannot_be_decided(world: World, registrant: Registrant) -> None:
    registration = registrant.up_to(WizardStep.REVIEW)

    with pytest.raises(Conflict):
        approval.approve(world.operator, registration)


# --- Several at once ----------------------------------------------------------------------------------------------
def test_of_several_each_is_approved_by_itself(world: World) -> None:
    names = ("North Ltd", "Clash Ltd", "South Ltd")
    north, clash, south = (submissions.submitted(name, named=[f"{name[0]}@newco.example"]) for name in names)
    worlds.user("Cleo", email="c@newco.example", staff=True)

    outcomes = approval.approve_many(world.operator, [north, clash, south])

    assert [outcome.registration for outcome in outcomes] == [north, clash, south]
    assert [str(outcome.organization) for outcome in outcomes] == ["North Ltd", "None", "South Ltd"]
    assert "is operator staff" in outcomes[1].refusal
    assert (outcomes[0].refusal, outcomes[2].refusal) == ("", "")
    assert not Organization.objects.filter(legal_name="Clash Ltd").exists()


def test_of_several_each_is_denied_by_itself(world: World) -> None:
    north, south = submissions.submitted("North Ltd"), submissions.submitted("South Ltd")
    approval.approve(world.operator, north)

    outcomes = approval.deny_many(world.operator, [north, south], reason="Not suppliers.")

    assert "Approved" in outcomes[0].refusal
    assert outcomes[1].refusal == ""
    south.refresh_from_db()
    assert south.state == RegistrationState.DENIED
