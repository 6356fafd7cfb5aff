"""Who may decide: nobody whom the registration names, and always somebody."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User, UserState
from core.errors import NotAllowed
from core.models import AuditEvent
from orgs.models import Registration, RegistrationState
from orgs.services import actors, approval, deciders, review
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["contact", "administrator", "the same mailbox"])
def names_staff(request: pytest.FixtureRequest, world: World) -> Registration:
    email = world.staff.email.upper()
    if request.param == "contact":
        return submissions.submitted(contact_email=email, named=["ana@newco.example"])
    if request.param == "the same mailbox":
        email = email.replace("@", "+newco@")
    return submissions.submitted(named=["ana@newco.example", email])


def test_nobody_decides_a_registration_that_names_them(world: World, names_staff: Registration) -> None:
    colleague = worlds.user("Cleo", staff=True)

    for decide in (
        lambda: approval.approve(world.operator, names_staff),
        lambda: approval.merge(world.operator, names_staff, organization=world.elsewhere),
        lambda: approval.deny(world.operator, names_staff, reason="No."),
        lambda: review.claim(world.operator, names_staff),
        lambda: review.ask(world.operator, names_staff, question="Who?"),
    ):
        with pytest.raises(NotAllowed, match=r"somebody else has to decide it\. Who can: Cleo Baker\."):
            decide()

    assert approval.deny(actors.of_user(colleague), names_staff, reason="No.").state == RegistrationState.DENIED


def test_one_that_names_all_staff_can_be_denied_and_not_approved(world: World, names_staff: Registration) -> None:
    worlds.user("Gone", staff=True, state=UserState.SUSPENDED)

    with pytest.raises(NotAllowed, match="There is nobody else yet"):
        approval.approve(world.operator, names_staff)
    with pytest.raises(NotAllowed, match="There is nobody else yet"):
        approval.merge(world.operator, names_staff, organization=world.elsewhere)
    denied = approval.deny(world.operator, names_staff, reason="Name somebody of your own.")

    assert denied.state == RegistrationState.DENIED
    assert AuditEvent.objects.get(action="orgs.registration.deny").data["decider_is_named"] is True


def test_standing_names_all_who_may_decide(world: World, names_staff: Registration) -> None:
    cleo, dora = (worlds.user(name, staff=True) for name in ("Cleo", "Dora"))

    standing = deciders.standing(world.operator, names_staff)

    assert standing.deciders == [cleo, dora]
    assert not standing.approve
    assert deciders.standing(actors.of_user(cleo), names_staff).approve


def test_it_takes_no_more_queries_with_more_staff_and_more_people(
    world: World, names_staff: Registration, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        worlds.user(f"Cleo{number}", staff=True)
        submissions.name(names_staff, f"n{number}@newco.example")

    operator = world.operator
    with django_assert_num_queries(2):
        deciders.standing(operator, names_staff)


@pytest.mark.parametrize("who", ["inviter", "employee", "stranger"])
def test_members_decide_nothing(world: World, who: str) -> None:
    registration, member = submissions.submitted(), worlds.acting(getattr(world, who))

    for decide in (
        lambda: approval.approve(member, registration),
        lambda: approval.merge(member, registration, organization=world.elsewhere),
        lambda: approval.deny(member, registration, reason="No."),
        lambda: review.claim(member, registration),
        lambda: review.ask(member, registration, question="Who?"),
        lambda: review.add_note(member, registration, text="Hm."),
    ):
        with pytest.raises(NotAllowed):
            decide()


def test_staff_who_were_suspended_decide_nothing(world: World) -> None:
    registration, operator = submissions.submitted(), world.operator
    User.objects.filter(pk=world.staff.pk).update(state=UserState.SUSPENDED)

    with pytest.raises(NotAllowed):
        approval.approve(operator, registration)
