"""Two pairs of eyes, where the operator asks for them."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from accounts.models import User, UserState
from core.actor import Actor
from core.errors import Conflict, NotAllowed
from core.models import AuditEvent, Mail
from orgs.models import Organization, Registration, RegistrationState
from orgs.services import actors, approval, review
from orgs.services.registrations import answers
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.world import VISITOR, World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def four_eyes(settings: LazySettings) -> None:
    settings.FOUR_EYES_APPROVAL = True


@pytest.fixture
def colleague(world: World) -> Actor:
    return actors.of_user(worlds.user("Cleo", staff=True))


@pytest.fixture
def once_approved(world: World, colleague: Actor) -> Registration:
    registration = submissions.submitted()
    assert approval.approve(world.operator, registration) is None
    registration.refresh_from_db()
    return registration


def test_the_first_approval_is_recorded_and_makes_nothing(world: World, once_approved: Registration) -> None:
    assert once_approved.state == RegistrationState.SUBMITTED
    assert once_approved.first_approved_by == world.staff
    assert once_approved.first_approved_at is not None
    assert AuditEvent.objects.filter(action="orgs.registration.approve_first").count() == 1
    assert not Organization.objects.filter(legal_name=once_approved.legal_name).exists()
    assert not Mail.objects.exists()


def test_the_second_approval_of_somebody_else_makes_the_organisation(
    once_approved: Registration, colleague: Actor
) -> None:
    organization = approval.approve(colleague, once_approved)

    assert organization is not None
    once_approved.refresh_from_db()
    assert once_approved.state == RegistrationState.APPROVED
    assert once_approved.decided_by_id == colleague.user_id


def test_nobody_is_both(world: World, once_approved: Registration) -> None:
    with pytest.raises(
        NotAllowed, match=r"You have approved this already\. Now a colleague has to\. Who can: Cleo Baker"
    ):
        approval.approve(world.operator, once_approved)


def test_a_first_approval_can_be_taken_back_by_whoever_gave_it(
    world: World, once_approved: Registration, colleague: Actor
) -> None:
    with pytest.raises(Conflict):
        approval.take_back(colleague, once_approved)
    approval.take_back(world.operator, once_approved)

    once_approved.refresh_from_db()
    assert once_approved.first_approved_by is None
    assert approval.approve(colleague, once_approved) is None, "it is the first again"
    with pytest.raises(Conflict):
        approval.take_back(world.operator, once_approved)


def test_one_who_has_left_does_not_count(world: World, once_approved: Registration, colleague: Actor) -> None:
    User.objects.filter(pk=world.staff.pk).update(state=UserState.SUSPENDED)

    assert approval.approve(colleague, once_approved) is None

    once_approved.refresh_from_db()
    assert once_approved.first_approved_by_id == colleague.user_id


def test_an_approval_given_before_the_answer_does_not_count(once_approved: Registration, colleague: Actor) -> None:
    review.ask(colleague, once_approved, question="Which site?")
    answers.answer(VISITOR, once_approved, text="The second one.")

    assert approval.approve(colleague, once_approved) is None


def test_one_is_enough_to_deny(once_approved: Registration, colleague: Actor) -> None:
    assert approval.deny(colleague, once_approved, reason="No.").state == RegistrationState.DENIED


def test_approving_several_says_which_wait_for_a_second(once_approved: Registration, colleague: Actor) -> None:
    new = submissions.submitted("Second Ltd", named=["other@newco.example"])

    outcomes = approval.approve_many(colleague, [once_approved, new])

    assert [outcome.refusal for outcome in outcomes] == ["", ""]
    assert [outcome.organization is None for outcome in outcomes] == [False, True]


def test_without_the_setting_one_is_enough(world: World, settings: LazySettings) -> None:
    settings.FOUR_EYES_APPROVAL = False

    assert approval.approve(world.operator, submissions.submitted()) is not None
