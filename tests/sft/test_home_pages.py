"""Home: for each application its status, who acts next, since when, and the one thing to do."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from django.test import Client
from django.utils import timezone

from core.models import AuditEvent, Mail, Outcome
from orgs.catalogue import SFT
from orgs.models import Application, Membership, RoleAssignment
from sft import queries
from sft.models import AccessGrant, AccessGrantState, Subscription, SubscriptionState
from sft.services import access, standing
from sft.services.standing import ApplicationStanding, Step
from tests.sft import world as worlds
from tests.sft.counting import queries_of
from tests.sft.world import World, acting, asking, sft

pytestmark = pytest.mark.django_db

BrowserOf = Callable[[Membership], Client]
PEOPLE = ("owner", "decider", "sender", "newcomer")


def standing_of(world: World, who: Membership) -> ApplicationStanding:
    actor = acting(who)
    held = queries.administrators_by_role(queries.organization_id(actor))
    (only,) = standing.all_for(actor, organization=who.organization, administrators=held)
    return only


def put(world: World, who: Membership, subscription: str | None, grant: str | None) -> None:
    """Write the rows as they would stand after whatever led there."""
    Subscription.objects.filter(organization=world.aurora).delete()
    AccessGrant.objects.filter(membership=who).delete()
    if subscription:
        Subscription.objects.create(
            organization=world.aurora, application=sft(), state=subscription, refusal_reason="Because."
        )
    if grant:
        AccessGrant.objects.create(membership=who, application=sft(), state=grant, refusal_reason="Because.")


STATES = list(product([None, *SubscriptionState.values], [None, *AccessGrantState.values]))


@pytest.mark.parametrize("who", PEOPLE)
def test_every_status_has_a_next_actor_words_and_a_time(world: World, who: str) -> None:
    member = getattr(world, who)
    for subscription, grant in STATES:
        put(world, member, subscription, grant)
        told = standing_of(world, member)
        assert told.status, (subscription, grant)
        assert told.next_actors, (subscription, grant)
        assert told.since <= timezone.now(), (subscription, grant)
        assert all(contact.is_you or "@" in contact.email for contact in told.next_actors)
        somebody_else = not any(contact.is_you for contact in told.next_actors)
        assert somebody_else or told.step or told.text, (subscription, grant)


def test_every_status_has_a_next_actor_without_any_administrator(world: World) -> None:
    RoleAssignment.objects.all().delete()
    for subscription, grant in STATES:
        put(world, world.newcomer, subscription, grant)
        told = standing_of(world, world.newcomer)
        assert all(contact.is_you or "@" in contact.email for contact in told.next_actors)
        assert told.next_actors


def test_the_step_is_offered_exactly_where_its_service_takes_it(world: World) -> None:
    for subscription, grant in STATES:
        put(world, world.newcomer, subscription, grant)
        step = standing_of(world, world.newcomer).step
        if subscription != SubscriptionState.ACTIVE:
            assert step is None
        elif grant == AccessGrantState.ACTIVE:
            assert step is Step.OPEN
        elif grant in (None, AccessGrantState.INACTIVE, AccessGrantState.DENIED, AccessGrantState.EXPIRED):
            assert step is Step.REQUEST_ACCESS
        else:
            assert step is None


def test_only_the_organization_administrator_is_offered_a_subscription(world: World) -> None:
    put(world, world.owner, None, None)
    assert standing_of(world, world.owner).step is Step.REQUEST_SUBSCRIPTION
    told = standing_of(world, world.newcomer)
    assert told.step is None
    assert [contact.email for contact in told.next_actors] == [world.owner.user.email]


def test_who_waits_sees_who_decides(world: World, browser_of: BrowserOf) -> None:
    asking(world.newcomer)
    page = browser_of(world.newcomer).get("/home/").content.decode()
    assert "Waiting for approval" in page
    assert f'href="mailto:{world.decider.user.email}"' in page
    assert "Request Access" not in page


def test_the_only_administrator_waits_for_another_to_be_appointed(world: World) -> None:
    put(world, world.decider, SubscriptionState.ACTIVE, AccessGrantState.PENDING_AA)
    told = standing_of(world, world.decider)
    assert [contact.email for contact in told.next_actors] == [world.owner.user.email]
    assert "has to be appointed" in told.text


def test_request_access_from_home(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.newcomer)
    assert "Request Access" in browser.get("/home/").content.decode()
    answer = browser.post(f"/applications/{SFT}/request-access/", follow=True)
    assert answer.redirect_chain == [("/home/", 302)]
    assert "Waiting for approval" in answer.content.decode()
    assert AccessGrant.objects.get(membership=world.newcomer).state == AccessGrantState.PENDING_AA
    again = browser.post(f"/applications/{SFT}/request-access/", follow=True)
    assert again.redirect_chain == [("/home/", 302)]
    assert "You have asked for this already" in again.content.decode()
    assert Mail.objects.filter(template="sft/mail/access_requested").count() == 1


def test_open_application_checks_again_and_leaves_a_trace(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.sender)
    assert f"/applications/{SFT}/open/" in browser.get("/home/").content.decode()
    assert browser.get(f"/applications/{SFT}/open/")["Location"] == "/sft/"
    assert AuditEvent.objects.get(action="sft.application.open").outcome == Outcome.DONE
    grant = AccessGrant.objects.select_related("membership", "application").get(membership=world.sender)
    access.suspend(acting(world.decider), grant=grant, reason="Left.")
    assert browser.get(f"/applications/{SFT}/open/").status_code == 403
    assert AuditEvent.objects.filter(action="sft.application.open", outcome=Outcome.REFUSED).count() == 1


def test_an_unknown_application_is_not_there(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.sender)
    assert browser.get("/applications/unknown/open/").status_code == 404
    assert browser.post("/applications/unknown/request-access/").status_code == 404
    assert browser.post("/applications/unknown/request-subscription/").status_code == 404


def test_home_names_the_organisation_its_id_administrators_and_own_roles(world: World, browser_of: BrowserOf) -> None:
    page = browser_of(world.decider).get("/home/").content.decode()
    for expected in (
        world.aurora.legal_name,
        world.aurora.organization_id,
        f"mailto:{world.owner.user.email}",
        "Application Administrator · Secure File Transfer",
    ):
        assert expected in page


def test_tasks_count_what_waits(world: World, browser_of: BrowserOf) -> None:
    assert "No open tasks" in browser_of(world.decider).get("/home/").content.decode()
    asking(world.newcomer)
    page = browser_of(world.decider).get("/home/").content.decode()
    assert "Requests to decide" in page
    assert "No open tasks" not in page


def test_operator_staff_are_led_to_the_queue(browser_of: Callable[[object], Client]) -> None:
    answer = browser_of(worlds.person("Sam", staff=True)).get("/", follow=True)
    assert answer.redirect_chain[-1] == ("/admin/orgs/registration/", 302)
    assert answer.status_code == 200


def test_home_costs_the_same_with_many_applications(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.sender)
    few = queries_of(browser, "/home/")
    for number in range(50):
        Application.objects.create(code=f"app-{number}", name=f"Application {number}")
    for number in range(10):
        worlds.member(world.aurora, f"Member{number}")
    assert queries_of(browser, "/home/") == few
