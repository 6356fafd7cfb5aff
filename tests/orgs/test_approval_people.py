"""Who becomes a user or a member by a decision, and what stays as it was."""

from __future__ import annotations

import pytest

from accounts.models import OneTimePassword, User, UserState
from core.errors import Conflict
from core.outbox import render
from orgs.models import Membership, OrganizationState, Registration
from orgs.services import actors, approval
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def names_petra() -> Registration:
    """The administrator for everything is Petra, and not the contact."""
    return submissions.submitted(named=["petra@newco.example"])


def test_somebody_known_becomes_a_member_and_keeps_their_password(world: World, names_petra: Registration) -> None:
    known = worlds.user("Petra", email="petra@newco.example")
    known.set_password("a password of their own")
    known.save()

    organization = approval.approve(world.operator, names_petra)

    known.refresh_from_db()
    assert known.state == UserState.ACTIVE
    assert known.check_password("a password of their own")
    assert not OneTimePassword.objects.filter(user=known).exists()
    assert actors.roles_of(Membership.objects.get(user=known, organization=organization)) == {"oa", "aa:sft"}
    [mail] = worlds.mails("registration_approved_known")
    assert "You have an account already and keep it" in render(mail).text
    assert "Sign in with your User ID and your password" in render(mail).text
    [told] = worlds.mails("registration_approved_contact")
    assert told.to == "kim@newco.example"
    assert "Petra Baker" in render(told).text


def test_somebody_known_who_has_no_password_yet_is_sent_to_first_time_login(
    world: World, names_petra: Registration
) -> None:
    known = worlds.user("Petra", email="petra@newco.example")
    known.set_unusable_password()
    known.state = UserState.INVITED
    known.save()

    approval.approve(world.operator, names_petra)

    [mail] = worlds.mails("registration_approved_known")
    assert "Complete First-Time Login" in render(mail).text
    assert "/first-time-login/" in render(mail).text
    assert "your password" not in render(mail).text


def test_operator_staff_cannot_become_an_administrator(world: World, names_petra: Registration) -> None:
    worlds.user("Petra", email="petra@newco.example", staff=True)

    with pytest.raises(Conflict, match="is operator staff"):
        approval.approve(world.operator, names_petra)


@pytest.mark.parametrize("state", [UserState.SUSPENDED, UserState.CLOSED])
def test_nobody_who_is_kept_out_becomes_an_administrator(
    world: World, names_petra: Registration, state: UserState
) -> None:
    known = worlds.user("Petra", email="petra@newco.example", state=state)

    with pytest.raises(Conflict, match=f"is {state}"):
        approval.approve(world.operator, names_petra)

    User.objects.filter(pk=known.pk).update(state=UserState.ACTIVE)
    organization = approval.approve(world.operator, names_petra)
    assert organization is not None
    assert organization.state == OrganizationState.ACTIVE


def test_who_was_entered_and_not_selected_is_no_part_of_the_registration(world: World) -> None:
    known = worlds.user("Rob")
    registration = submissions.submitted()
    for email in (world.staff.email, known.email):
        submissions.name(registration, email, as_administrator=False)

    organization = approval.approve(world.operator, registration)

    assert not Membership.objects.filter(organization=organization, user=known).exists()
