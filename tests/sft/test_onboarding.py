"""An approved organisation is subscribed to what it asked for, in the approval's own transaction."""

from __future__ import annotations

import pytest
from django.db import transaction

from core.models import AuditEvent, Mail
from orgs.models import Application, Membership, Organization, Role, RoleAssignment
from orgs.ports import NamedAdministrator, onboarding_listener
from sft.models import AccessGrant, AccessGrantState, Subscription, SubscriptionState
from sft.services.onboarding import OnboardingSubscriber
from tests.sft import world as worlds
from tests.sft.world import operator, sft

pytestmark = pytest.mark.django_db


def approved(organization: Organization, applications: list[Application], *named: NamedAdministrator) -> None:
    with transaction.atomic():
        onboarding_listener().organization_approved(
            operator(), organization=organization, applications=applications, administrators=named
        )


def open_to(membership: Membership) -> set[str]:
    active = AccessGrant.objects.filter(membership=membership, state=AccessGrantState.ACTIVE)
    return set(active.values_list("application__code", flat=True))


def test_this_room_listens() -> None:
    assert isinstance(onboarding_listener(), OnboardingSubscriber)


def test_named_administrators_can_open_what_was_asked_for() -> None:
    organization, viewer = worlds.company("Redwood"), Application.objects.create(code="viewer", name="Viewer")
    owner, decider = worlds.member(organization, "Ruth", Role.OA), worlds.member(organization, "Rob", Role.AA)
    employee = worlds.member(organization, "Rita")
    named = [NamedAdministrator(owner, Role.OA), NamedAdministrator(decider, Role.AA, sft())]
    approved(organization, [sft(), viewer], *named)
    assert set(Subscription.objects.values_list("state", flat=True)) == {SubscriptionState.ACTIVE}
    assert (open_to(owner), open_to(decider), open_to(employee)) == ({"sft", "viewer"}, {"sft"}, set())
    viewers_administrator = RoleAssignment.objects.get(application=viewer)
    assert viewers_administrator.membership == owner


def test_nothing_is_subscribed_that_was_not_asked_for() -> None:
    organization = worlds.company("Redwood")
    owner = worlds.member(organization, "Ruth", Role.OA)
    approved(organization, [], NamedAdministrator(owner, Role.OA))
    assert not Subscription.objects.exists()
    assert not AccessGrant.objects.exists()


def test_the_approvals_own_mail_is_the_only_one() -> None:
    organization = worlds.company("Redwood")
    approved(organization, [sft()], NamedAdministrator(worlds.member(organization, "Ruth", Role.OA), Role.OA))
    assert not Mail.objects.exists()


def test_the_organisations_audit_trail_tells_who_opened_what() -> None:
    organization = worlds.company("Redwood")
    approved(organization, [sft()], NamedAdministrator(worlds.member(organization, "Ruth", Role.OA), Role.OA))
    told = AuditEvent.objects.filter(organization_id=organization.pk, action__startswith="sft.")
    assert set(told.values_list("action", flat=True)) == {
        "sft.subscription.request",
        "sft.subscription.activate",
        "sft.accessgrant.grant",
    }


def test_an_approval_that_fails_afterwards_leaves_nothing() -> None:
    organization = worlds.company("Redwood")
    owner = worlds.member(organization, "Ruth", Role.OA)

    def approve_and_stumble() -> None:
        with transaction.atomic():
            approved(organization, [sft()], NamedAdministrator(owner, Role.OA))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        approve_and_stumble()
    assert not Subscription.objects.exists()
    assert not AccessGrant.objects.exists()
