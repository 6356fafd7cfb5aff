"""Administration: pending requests, who has access, subscriptions; and the operator's back office."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core.models import Mail
from orgs.models import Application, Membership, Role
from sft.models import AccessGrant, AccessGrantState, Package, PackageState, Subscription, SubscriptionState
from sft.services import subscriptions
from tests.sft import world as worlds
from tests.sft.counting import queries_of
from tests.sft.world import World, acting, asking, draft, sft

pytestmark = pytest.mark.django_db

BrowserOf = Callable[[object], Client]
REQUESTS = "/administration/requests/"


def state_of(grant: AccessGrant) -> str:
    return AccessGrant.objects.get(pk=grant.pk).state


# --- Pending requests ---------------------------------------------------------------------------------------------
def test_requests_are_listed_with_who_and_since(world: World, browser_of: BrowserOf) -> None:
    asking(world.newcomer)
    page = browser_of(world.decider).get(REQUESTS).content.decode()
    for expected in ("Noah Lindqvist", world.newcomer.user.user_id, world.newcomer.user.email, "checked"):
        assert expected in page
    assert '<span class="tab-count">1</span>' in page


def test_several_are_approved_at_once(world: World, browser_of: BrowserOf) -> None:
    grants = [asking(world.newcomer), asking(worlds.member(world.aurora, "Nora"))]
    browser = browser_of(world.decider)
    data = {"decision": "approve", "chosen": [str(grant.pk) for grant in grants]}
    answer = browser.post(REQUESTS, data, follow=True).content.decode()
    assert [state_of(grant) for grant in grants] == [AccessGrantState.ACTIVE] * 2
    assert "Noah Lindqvist: active." in answer
    assert "Nobody waits for you" in answer


def test_a_denial_without_reason_comes_back_with_the_ticks(world: World, browser_of: BrowserOf) -> None:
    grant, other = asking(world.newcomer), asking(worlds.member(world.aurora, "Nora"))
    data = {"decision": "deny", "chosen": [str(grant.pk)], "reason": " "}
    answer = browser_of(world.decider).post(REQUESTS, data)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Say why in a sentence" in page
    assert f'value="{grant.pk}" id="request-{grant.pk}" checked' in page
    assert f'value="{other.pk}" id="request-{other.pk}" checked' not in page
    assert state_of(grant) == AccessGrantState.PENDING_AA
    assert browser_of(world.decider).post(REQUESTS, {**data, "reason": "Not yet."}).status_code == 302
    assert (state_of(grant), state_of(other)) == (AccessGrantState.DENIED, AccessGrantState.PENDING_AA)


@pytest.mark.parametrize("chosen", [[], ["no key"]])
def test_nothing_chosen_is_told(world: World, browser_of: BrowserOf, chosen: list[str]) -> None:
    asking(world.newcomer)
    answer = browser_of(world.decider).post(REQUESTS, {"decision": "approve", "chosen": chosen})
    assert answer.status_code == 422
    assert "Select" in answer.content.decode()


def test_own_requests_are_shown_and_cannot_be_ticked(world: World, browser_of: BrowserOf) -> None:
    administrator = worlds.member(world.aurora, "Anna", Role.AA)
    grant = asking(administrator)
    browser = browser_of(administrator)
    page = browser.get(REQUESTS).content.decode()
    assert "Nobody decides on their own access" in page
    assert "disabled" in page
    answer = browser.post(REQUESTS, {"decision": "approve", "chosen": [str(grant.pk)]}, follow=True)
    assert "Nobody decides on their own access" in answer.content.decode()
    assert state_of(grant) == AccessGrantState.PENDING_AA


# --- Who has access -----------------------------------------------------------------------------------------------
def test_access_is_suspended_with_a_reason_and_given_back(world: World, browser_of: BrowserOf) -> None:
    grant = AccessGrant.objects.get(membership=world.sender)
    browser, path = browser_of(world.decider), f"/administration/access/{grant.pk}/"
    assert browser.post(path, {"decision": "suspend", "reason": ""}).status_code == 422
    assert browser.post(path, {"decision": "suspend", "reason": "Left the programme."}).status_code == 302
    assert state_of(grant) == AccessGrantState.SUSPENDED
    assert "Left the programme." in browser.get(path).content.decode()
    browser.post(path, {"decision": "restore"})
    assert state_of(grant) == AccessGrantState.ACTIVE


def test_nobody_suspends_their_own_access(world: World, browser_of: BrowserOf) -> None:
    grant = AccessGrant.objects.get(membership=world.decider)
    browser, path = browser_of(world.decider), f"/administration/access/{grant.pk}/"
    assert "Nobody decides on their own access" in browser.get(path).content.decode()
    assert browser.post(path, {"decision": "suspend", "reason": "Tired."}).status_code == 403
    assert state_of(grant) == AccessGrantState.ACTIVE


def test_who_has_access_is_a_list_of_the_own_organisation(world: World, browser_of: BrowserOf) -> None:
    page = browser_of(world.decider).get("/administration/applications/sft/").content.decode()
    assert "Emma Lindqvist" in page
    assert "Hanna Lindqvist" not in page


def test_lists_make_as_many_queries_for_a_thousand_rows_as_for_ten(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.decider)
    paths = (REQUESTS, "/administration/applications/sft/")
    many_requests(world, 10)
    few = [queries_of(browser, path) for path in paths]
    many_requests(world, 1000)
    assert [queries_of(browser, path) for path in paths] == few


def many_requests(world: World, count: int) -> None:
    offset = User.objects.count()
    users = User.objects.bulk_create(
        User(
            user_id=f"u{offset + n}",
            email=f"u{offset + n}@aurora.example",
            first_name="U",
            last_name=str(n),
            state="active",
        )
        for n in range(count)
    )
    members = Membership.objects.bulk_create(Membership(user=user, organization=world.aurora) for user in users)
    AccessGrant.objects.bulk_create(
        AccessGrant(membership=member, application=sft(), state=AccessGrantState.PENDING_AA) for member in members
    )


# --- Subscriptions ------------------------------------------------------------------------------------------------
def test_subscriptions_show_their_state_and_can_be_requested_by_the_owner(world: World, browser_of: BrowserOf) -> None:
    other = Application.objects.create(code="viewer", name="Drawing Viewer")
    owner, decider = browser_of(world.owner), browser_of(world.decider)
    path, request = "/administration/applications/", "/applications/viewer/request-subscription/"
    assert request in owner.get(path).content.decode()
    assert request not in decider.get(path).content.decode()
    assert decider.post(request).status_code == 403
    owner.post(request)
    assert Subscription.objects.get(application=other).state == SubscriptionState.REQUESTED
    assert "Requested" in owner.get(path).content.decode()


# --- The operator's back office -----------------------------------------------------------------------------------
@pytest.fixture
def clerk(browser_of: BrowserOf) -> Client:
    return browser_of(worlds.person("Sam", staff=True))


def test_the_operator_subscribes_an_organisation(world: World, clerk: Client) -> None:
    organization = worlds.company("Redwood Tooling")
    owner = worlds.member(organization, "Ruth", Role.OA)
    assert clerk.get("/admin/sft/subscription/add/").status_code == 200
    data = {"subscriber": str(organization.pk), "subscribed_to": str(sft().pk)}
    answer = clerk.post("/admin/sft/subscription/add/", data, follow=True)
    assert answer.status_code == 200
    assert Subscription.objects.get(organization=organization).state == SubscriptionState.ACTIVE
    assert Mail.objects.filter(template="sft/mail/subscribed", to=owner.user.email).count() == 1


def test_the_operator_is_told_when_it_is_subscribed_already(world: World, clerk: Client) -> None:
    data = {"subscriber": str(world.aurora.pk), "subscribed_to": str(sft().pk)}
    answer = clerk.post("/admin/sft/subscription/add/", data, follow=True)
    assert "is already subscribed" in answer.content.decode()
    assert Subscription.objects.filter(organization=world.aurora).count() == 1


@pytest.fixture
def requested() -> Subscription:
    owner = worlds.member(worlds.company("Redwood Tooling"), "Ruth", Role.OA)
    return subscriptions.request(acting(owner), application=sft())


def test_the_operator_confirms_on_the_page_that_the_mail_leads_to(requested: Subscription, clerk: Client) -> None:
    path = f"/admin/sft/subscription/{requested.pk}/change/"
    page = clerk.get(path).content.decode()
    assert "Confirm" in page
    assert "End the suspension" not in page
    clerk.post(path, {"decision": "activate", "reason": ""})
    assert Subscription.objects.get(pk=requested.pk).state == SubscriptionState.ACTIVE


def test_the_operator_denies_with_a_reason_only(requested: Subscription, clerk: Client) -> None:
    path = f"/admin/sft/subscription/{requested.pk}/change/"
    assert "Say why in a sentence" in clerk.post(path, {"decision": "deny", "reason": ""}).content.decode()
    assert Subscription.objects.get(pk=requested.pk).state == SubscriptionState.REQUESTED
    clerk.post(path, {"decision": "deny", "reason": "No contract."})
    denied = Subscription.objects.get(pk=requested.pk)
    assert (denied.state, denied.refusal_reason) == (SubscriptionState.DENIED, "No contract.")


def test_the_operator_confirms_several_from_the_list(requested: Subscription, clerk: Client) -> None:
    data = {"action": "confirm", "_selected_action": [str(requested.pk)]}
    assert "1 confirmed" in clerk.post("/admin/sft/subscription/", data, follow=True).content.decode()
    assert Subscription.objects.get(pk=requested.pk).state == SubscriptionState.ACTIVE


def test_states_cannot_be_written_past_the_services(requested: Subscription, clerk: Client) -> None:
    clerk.post(f"/admin/sft/subscription/{requested.pk}/change/", {"decision": "reactivate", "state": "active"})
    assert Subscription.objects.get(pk=requested.pk).state == SubscriptionState.REQUESTED
    assert clerk.post(f"/admin/sft/subscription/{requested.pk}/delete/", {"post": "yes"}).status_code == 403


def test_members_are_not_let_into_the_back_office(world: World, browser_of: BrowserOf) -> None:
    for who in (world.owner, world.decider):
        assert browser_of(who).get("/admin/sft/subscription/").status_code == 302


def test_back_office_lists_make_as_many_queries_for_many_rows(world: World, clerk: Client) -> None:
    paths = ("/admin/sft/subscription/", "/admin/sft/accessgrant/", "/admin/sft/package/")

    def grow(count: int) -> None:
        many_requests(world, count)
        now = timezone.now()
        Package.objects.bulk_create(
            Package(
                organization=world.aurora,
                sender=world.sender,
                title="Drawings",
                state=PackageState.PROCESSING,
                sent_at=now,
            )
            for _ in range(count)
        )
        for _ in range(min(count, 20)):
            Subscription.objects.create(
                organization=worlds.company("Company"), application=sft(), requested_by=world.owner
            )

    grow(10)
    few = [queries_of(clerk, path) for path in paths]
    grow(300)
    assert [queries_of(clerk, path) for path in paths] == few


def test_the_operator_does_not_read_what_people_send(world: World, clerk: Client) -> None:
    package = draft(world, title="A secret title")
    for path in ("/admin/sft/package/", f"/admin/sft/package/{package.pk}/change/"):
        answer = clerk.get(path)
        assert answer.status_code == 200
        assert "A secret title" not in answer.content.decode()
        assert "Rev C" not in answer.content.decode()
