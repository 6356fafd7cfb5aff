"""No list asks the database more often with 1,000 rows than with 10."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User, UserState
from orgs.models import (
    Invitation,
    InvitationState,
    Membership,
    Organization,
    OrganizationState,
    Registration,
    RegistrationState,
    Role,
    RoleAssignment,
)
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

ADMINISTRATION = (
    "/administration/users/",
    "/administration/users/?q=U",
    "/administration/invitations/",
    "/administration/organization/",
)
BACK_OFFICE = tuple(
    f"/admin/orgs/{model}/" for model in ("registration", "organization", "invitation", "membership", "application")
)


def fill(world: World, count: int) -> None:
    """``count`` more users with roles, invitations, organisations and submitted registrations."""
    now, start = timezone.now(), User.objects.count()
    people = User.objects.bulk_create(
        User(
            user_id=f"u{start}_{n}",
            email=f"u{start}.{n}@x.example",
            first_name="U",
            last_name=f"N{n}",
            state=UserState.ACTIVE,
        )
        for n in range(count)
    )  # fmt: skip
    members = Membership.objects.bulk_create(Membership(user=person, organization=world.aurora) for person in people)
    RoleAssignment.objects.bulk_create(
        RoleAssignment(membership=member, role=Role.AA, application=worlds.sft()) for member in members
    )
    Organization.objects.bulk_create(
        Organization(legal_name=f"Org {n}", country="US", state=OrganizationState.ACTIVE) for n in range(count)
    )
    invitations = Invitation.objects.bulk_create(
        Invitation(
            organization=world.aurora, invited_by=world.inviter, company_name=f"Company {n}", email=f"c{start}.{n}@x.example",
            state=InvitationState.STARTED, sent_at=now, expires_at=now + timedelta(days=1),
        )
        for n in range(count)
    )  # fmt: skip
    Registration.objects.bulk_create(
        Registration(
            legal_name=f"Company {n}", country="GB", invitation=invitation, state=RegistrationState.SUBMITTED,
            submitted_at=now, due_at=now - timedelta(hours=n), expires_at=now,
        )
        for n, invitation in enumerate(invitations)
    )  # fmt: skip
    # As autovacuum does behind rows that have come in: otherwise the planner takes the tables for empty ones.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def queries(browser: Client, url: str) -> int:
    browser.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


def test_no_list_asks_more_often(world: World, browser_of: Callable[..., Client]) -> None:
    fill(world, 10)
    administrator, staff = browser_of(world.inviter), browser_of(world.staff)

    def asked() -> dict[str, int]:
        return {
            url: queries(browser, url)
            for browser, urls in ((administrator, ADMINISTRATION), (staff, BACK_OFFICE))
            for url in urls
        }

    few = asked()

    fill(world, 990)

    assert asked() == few


def test_a_registrations_page_asks_the_same_for_one_and_for_twenty_people(
    world: World, registrant: Registrant, browser_of: Callable[..., Client]
) -> None:
    registration = registrant.submitted()
    browser = browser_of(world.staff)
    url = f"/admin/orgs/registration/{registration.pk}/change/"
    few = queries(browser, url)

    for n in range(20):
        added = registration.administrators.create(first_name="A", last_name=f"N{n}", email=f"a{n}@newco.example")
        added.administered.add(worlds.sft())

    assert queries(browser, url) == few


def test_lists_go_on_where_the_page_ended(world: World, browser_of: Callable[..., Client]) -> None:
    fill(world, 60)
    browser = browser_of(world.inviter)

    first = browser.get("/administration/users/").context["page"]
    second = browser.get("/administration/users/", {"after": first.next_cursor}).context["page"]

    assert len(first.rows) == 50
    assert len(second.rows) == Membership.objects.filter(organization=world.aurora).count() - 50
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}
