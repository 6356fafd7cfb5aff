"""Adding people to an organisation that has an account: as members, and never over the heads of its administrators."""

from __future__ import annotations

import pytest

from accounts import queries as people_queries
from accounts.models import OneTimePassword
from core.errors import Conflict
from core.models import AuditEvent
from core.outbox import render
from orgs.models import (
    InvitationState,
    Membership,
    MembershipState,
    Organization,
    OrganizationState,
    Partnership,
    Registration,
    RegistrationState,
    Role,
    RoleAssignment,
)
from orgs.services import actors, approval
from orgs.services.sign_in import MembersOnly
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def submitted(world: World) -> Registration:
    return submissions.submitted("Elsewhere Limited", invitation=worlds.invite(world))


def test_newcomers_become_members_without_any_role(world: World, submitted: Registration) -> None:
    before = Organization.objects.count()

    merged = approval.merge(world.operator, submitted, organization=world.elsewhere)

    submitted.refresh_from_db()
    assert (merged, submitted.state, submitted.organization) == (world.elsewhere, "merged", world.elsewhere)
    assert Organization.objects.count() == before
    kim = Membership.objects.get(user__email="kim@newco.example", organization=world.elsewhere)
    assert actors.roles_of(kim) == set()
    assert not kim.can_invite
    assert MembersOnly().may_sign_in(kim.user)
    assert OneTimePassword.objects.filter(user=kim.user).count() == 1
    assert set(submitted.administrators.values_list("one_time_password_hash", flat=True)) == {""}


def test_the_roles_of_those_who_were_there_stay(world: World, submitted: Registration) -> None:
    before = set(RoleAssignment.objects.values_list("membership", "role", "application"))
    submissions.name(submitted, world.stranger.user.email)

    approval.merge(world.operator, submitted, organization=world.elsewhere)

    assert set(RoleAssignment.objects.values_list("membership", "role", "application")) == before


def test_each_administrator_is_told_who_came_and_what_was_asked(world: World, submitted: Registration) -> None:
    worlds.member(world.elsewhere, "Stina", Role.OA)

    approval.merge(world.operator, submitted, organization=world.elsewhere)

    told = worlds.mails("registration_merged_administrators")
    oas = RoleAssignment.objects.filter(role=Role.OA, membership__organization=world.elsewhere)
    assert {mail.to for mail in told} == set(oas.values_list("membership__user__email", flat=True))
    text = render(told[0]).text
    for words in ("kim@newco.example", "Organization Administrator", "Elsewhere Limited", "/administration/users/"):
        assert words in text


def test_newcomers_and_registrant_are_told(world: World, submitted: Registration) -> None:
    kim = worlds.user("Petra", email="petra@newco.example")
    submissions.name(submitted, kim.email)

    approval.merge(world.operator, submitted, organization=world.elsewhere)

    [new], [known], [contact] = (worlds.mails(f"registration_merged{kind}") for kind in ("", "_known", "_contact"))
    user = people_queries.user_by_email("kim@newco.example")
    assert user is not None
    assert new.to == user.email
    assert user.user_id in render(new).text
    assert "/first-time-login/" in render(new).text
    assert known.to == "petra@newco.example"
    assert contact.to == "kim@newco.example"
    assert worlds.link_in(contact, "/registration/")


def test_somebody_suspended_there_stays_suspended_and_hears_nothing(world: World, submitted: Registration) -> None:
    shut_out = worlds.member(world.elsewhere, "Rolf")
    Membership.objects.filter(pk=shut_out.pk).update(state=MembershipState.SUSPENDED, suspension_reason="Left.")
    submissions.name(submitted, shut_out.user.email.upper())

    approval.merge(world.operator, submitted, organization=world.elsewhere)

    shut_out.refresh_from_db()
    assert shut_out.state == MembershipState.SUSPENDED
    assert not worlds.mails("registration_merged_known")


def test_the_invitation_is_accepted_and_makes_partners(world: World, submitted: Registration) -> None:
    approval.merge(world.operator, submitted, organization=world.elsewhere)

    assert submitted.invitation is not None
    submitted.invitation.refresh_from_db()
    assert submitted.invitation.state == InvitationState.ACCEPTED
    pairs = set(Partnership.objects.values_list("organization_id", "partner_id"))
    assert pairs == {(world.elsewhere.pk, world.aurora.pk), (world.aurora.pk, world.elsewhere.pk)}


def test_a_company_that_invited_its_own_people_is_no_partner_of_itself(world: World, submitted: Registration) -> None:
    approval.merge(world.operator, submitted, organization=world.aurora)

    assert not Partnership.objects.exists()
    assert Membership.objects.filter(organization=world.aurora, user__email="kim@newco.example").exists()


@pytest.mark.parametrize("state", [OrganizationState.PENDING, OrganizationState.SUSPENDED, OrganizationState.CLOSED])
def test_nobody_is_added_to_an_organisation_that_is_not_active(
    world: World, submitted: Registration, state: OrganizationState
) -> None:
    Organization.objects.filter(pk=world.elsewhere.pk).update(state=state)

    with pytest.raises(Conflict, match="is not active"):
        approval.merge(world.operator, submitted, organization=world.elsewhere)

    submitted.refresh_from_db()
    assert submitted.state == RegistrationState.SUBMITTED


def test_nobody_is_added_where_no_administrator_could_look_after_them(world: World, submitted: Registration) -> None:
    RoleAssignment.objects.filter(membership=world.stranger).delete()

    with pytest.raises(Conflict, match="no Organization Administrator"):
        approval.merge(world.operator, submitted, organization=world.elsewhere)


def test_the_event_says_where_they_went(world: World, submitted: Registration) -> None:
    approval.merge(world.operator, submitted, organization=world.elsewhere)

    event = AuditEvent.objects.get(action="orgs.registration.merge")
    assert event.data["organization"] == world.elsewhere.organization_id
