"""Several decisions in the same moment are one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.conf import LazySettings

from accounts.models import User
from core.errors import Conflict
from core.models import AuditEvent
from orgs.models import Membership, Organization, RegistrationState
from orgs.services import actors, approval, review
from orgs.services.registrations import withdrawal
from tests.concurrency import at_once
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.world import VISITOR, World

pytestmark = pytest.mark.django_db(transaction=True)


def test_twenty_approvals_at_once_make_one_organisation(world: World) -> None:
    registration = submissions.submitted(invitation=worlds.invite(world))

    outcomes = at_once([partial(approval.approve, world.operator, registration)] * 20)

    refusals = [outcome for outcome in outcomes if outcome is not None]
    assert len(refusals) == 19
    assert all(isinstance(refusal, Conflict) for refusal in refusals)
    assert Organization.objects.filter(legal_name="Newco Metals Ltd").count() == 1
    assert User.objects.filter(email="kim@newco.example").count() == 1
    assert len(worlds.mails("registration_approved")) == 1


def test_of_all_ways_to_end_it_exactly_one_wins(world: World) -> None:
    registration = submissions.submitted(invitation=worlds.invite(world))
    ways: list[Callable[[], object]] = [
        partial(approval.approve, world.operator, registration),
        partial(approval.deny, world.operator, registration, reason="No."),
        partial(approval.merge, world.operator, registration, organization=world.elsewhere),
        partial(withdrawal.withdraw, VISITOR, registration),
    ]

    outcomes = at_once(ways * 3)

    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(isinstance(outcome, Conflict) for outcome in outcomes if outcome is not None)
    ends = [f"orgs.registration.{verb}" for verb in ("approve", "deny", "merge", "withdraw")]
    assert AuditEvent.objects.filter(action__in=ends).count() == 1
    registration.refresh_from_db()
    is_approved, is_merged = (registration.state == state for state in ("approved", "merged"))
    assert Organization.objects.filter(legal_name="Newco Metals Ltd").exists() == is_approved
    assert Membership.objects.filter(user__email="kim@newco.example").exists() == (is_approved or is_merged)


def test_the_same_new_person_in_two_registrations_approved_at_once_is_one_user(world: World) -> None:
    registrations = [submissions.submitted(name) for name in ("North Ltd", "South Ltd", "East Ltd", "West Ltd")]

    outcomes = at_once([partial(approval.approve, world.operator, registration) for registration in registrations])

    assert outcomes == [None] * 4
    kim = User.objects.get(email="kim@newco.example")
    assert kim.memberships.count() == 4


def test_twenty_first_approvals_at_once_are_one(world: World, settings: LazySettings) -> None:
    settings.FOUR_EYES_APPROVAL = True
    registration = submissions.submitted()
    colleague = actors.of_user(worlds.user("Cleo", staff=True))

    at_once(
        [partial(approval.approve, actor, registration) for actor in (world.operator, colleague) for _ in range(10)]
    )

    registration.refresh_from_db()
    assert registration.state == RegistrationState.APPROVED
    assert registration.first_approved_by_id != registration.decided_by_id
    assert Organization.objects.filter(legal_name="Newco Metals Ltd").count() == 1


def test_a_question_and_an_approval_at_once_are_one_of_them(world: World) -> None:
    registration = submissions.submitted()

    outcomes = at_once(
        [
            partial(approval.approve, world.operator, registration),
            partial(review.ask, world.operator, registration, question="Which site?"),
        ]
        * 4
    )

    assert sum(outcome is None for outcome in outcomes) == 1
    asked, made = len(worlds.mails("registration_question")), len(worlds.mails("registration_approved"))
    assert (asked, made) in {(1, 0), (0, 1)}


def test_two_who_claim_at_once_are_one(world: World) -> None:
    registration = submissions.submitted()
    staff = [actors.of_user(worlds.user(f"Cleo{number}", staff=True)) for number in range(8)]

    outcomes = at_once([partial(review.claim, actor, registration) for actor in staff])

    assert sum(outcome is None for outcome in outcomes) == 1
