"""Actors, whom they may send to, who administers what, and the catalogue."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client, RequestFactory

from accounts.models import User, UserState
from core import navigation
from core.actor import ActorKind
from orgs import catalogue, queries
from orgs.models import Application, Membership, OrganizationState, Partnership, Role
from orgs.services import actors, memberships
from orgs.services.actors import MembershipActorResolver
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


def partners(world: World) -> None:
    Partnership.objects.create(organization=world.aurora, partner=world.elsewhere)
    Partnership.objects.create(organization=world.elsewhere, partner=world.aurora)


def names(world: World, search: str = "") -> set[str]:
    return {member.user.first_name for member in queries.contacts(worlds.acting(world.employee), search=search)}


def test_contacts_are_colleagues_without_oneself(world: World) -> None:
    assert names(world) == {"Olivia", "Aaron"}


def test_partners_are_contacts_and_others_are_not(world: World) -> None:
    partners(world)

    assert names(world) == {"Olivia", "Aaron", "Sven"}


@pytest.mark.parametrize(
    ("search", "found"),
    [("sven", {"Sven"}), ("ELSEWHERE", {"Sven"}), ("baker sv", {"Sven"}), ("people.example", {"Olivia", "Aaron", "Sven"}),
     ("zebra", set()), ("sven\0", {"Sven"}), ("sv\0en", {"Sven"})],
)  # fmt: skip
def test_every_word_of_a_search_has_to_occur(world: World, search: str, found: set[str]) -> None:
    partners(world)

    assert names(world, search) == found


@pytest.mark.parametrize("what", ["member", "person", "organisation"])
def test_who_is_suspended_is_no_contact(world: World, what: str) -> None:
    partners(world)
    if what == "member":
        Membership.objects.filter(pk=world.stranger.pk).update(state="suspended", suspension_reason="x")
    elif what == "person":
        User.objects.filter(pk=world.stranger.user_id).update(state=UserState.SUSPENDED)
    else:
        type(world.elsewhere).objects.filter(pk=world.elsewhere.pk).update(state=OrganizationState.SUSPENDED)

    assert names(world) == {"Olivia", "Aaron"}


def test_who_belongs_nowhere_has_no_contacts(world: World) -> None:
    assert not queries.contacts(world.operator).exists()


def test_administrators_by_role_and_application(world: World) -> None:
    other = Application.objects.create(code="viewer", name="Drawing Viewer")

    assert list(queries.administrators(world.aurora, Role.OA)) == [world.inviter]
    assert list(queries.administrators(world.aurora, Role.AA, worlds.sft())) == [world.approver]
    assert not queries.administrators(world.aurora, Role.AA, other).exists()


# --- Actors -------------------------------------------------------------------------------------------------------
def resolve(user: object, **session: str) -> object:
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7")
    request.user = user  # type: ignore[assignment]
    request.session = session  # type: ignore[assignment]
    return MembershipActorResolver().resolve(request)


def test_a_member_acts_for_their_organisation_with_their_roles(world: World) -> None:
    actor = actors.of_user(world.approver.user)

    assert (actor.organization_id, actor.membership_id) == (world.aurora.pk, world.approver.pk)
    assert actor.roles == {"aa:sft"}
    assert actor.label == world.approver.user.user_id


def test_staff_act_for_no_organisation(world: World) -> None:
    actor = actors.of_user(world.staff)

    assert (actor.is_staff, actor.organization_id, actor.roles) == (True, None, frozenset())


def test_a_visitor_is_anonymous(world: World) -> None:
    from django.contrib.auth.models import AnonymousUser

    actor = resolve(AnonymousUser())

    assert getattr(actor, "kind") is ActorKind.ANONYMOUS  # noqa: B009
    assert getattr(actor, "ip") == "203.0.113.7"  # noqa: B009


def test_of_several_memberships_the_chosen_one_counts_else_the_oldest(world: World) -> None:
    second = memberships.create(worlds.PEN, user=world.employee.user, organization=world.elsewhere)

    assert actors.of_user(world.employee.user).membership_id == world.employee.pk
    assert actors.of_user(world.employee.user, chosen=str(second.pk)).membership_id == second.pk
    assert actors.of_user(world.employee.user, chosen=str(world.stranger.pk)).membership_id == world.employee.pk


def test_a_suspended_member_acts_for_nobody(world: World) -> None:
    memberships.suspend(worlds.acting(world.inviter), membership=world.employee, reason="x")

    assert actors.of_user(world.employee.user).organization_id is None


# --- Tabs and catalogue -------------------------------------------------------------------------------------------
def tabs(world: World, who: str) -> list[str]:
    shown = navigation.bar("administration", worlds.acting(getattr(world, who)), "orgs:users")
    return [tab.label for tab in shown if tab.label in {"Users", "Invitations", "Organization"}]


def test_the_section_shows_each_role_its_tabs(world: World) -> None:
    assert tabs(world, "inviter") == ["Users", "Invitations", "Organization"]
    assert tabs(world, "approver") == ["Invitations", "Organization"]
    assert tabs(world, "employee") == []


def test_administration_opens_the_first_page_one_may_see(world: World, browser_of: Callable[..., Client]) -> None:
    assert browser_of(world.inviter).get("/administration/").headers["Location"] == "/administration/users/"
    assert browser_of(world.employee).get("/administration/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_catalogue_is_there_again_after_a_flush() -> None:
    Application.objects.all().delete()

    call_command("flush", interactive=False, verbosity=0)

    assert Application.objects.get(code=catalogue.SFT).name == "Secure File Transfer"


def test_what_the_operator_wrote_into_the_catalogue_stays() -> None:
    Application.objects.filter(code=catalogue.SFT).update(description="Ours.")

    catalogue.ensure()

    assert Application.objects.get(code=catalogue.SFT).description == "Ours."
