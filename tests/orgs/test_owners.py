"""Whoever administers an organisation hears when somebody registers under its name."""

from __future__ import annotations

import pytest

from core.outbox import render
from orgs.models import Organization, OrganizationState, Role
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(world: World) -> World:
    """``aurora`` has a domain and an identifier."""
    change(world, email_domains=["newco.example"], duns="150483782", country="GB", tax_id="GB999999973")
    return world


def change(world: World, **fields: object) -> None:
    Organization.objects.filter(pk=world.aurora.pk).update(**fields)


def register(address: str = "203.0.113.9", **profile: str) -> None:
    """Somebody at an address of their own registers, with nothing in common but ``profile``."""
    registrant = Registrant(address)
    registrant.begin()
    registrant.welcome()
    nothing = {"email_domains": "else.example", "contact_email": "kim@else.example"}
    assert registrant.profile(**{**nothing, **profile}).status_code == 302
    registrant.select_oneself()
    registrant.one_time_password()
    registrant.select_application_administrators()
    assert registrant.submit().status_code == 302


def told() -> list[str]:
    return sorted(mail.to for mail in worlds.mails("registration_in_your_name"))


@pytest.mark.parametrize(
    "profile",
    [
        {"email_domains": "newco.example"},
        {"email_domains": "other.example, newco.example"},
        {"contact_email": "kim@newco.example"},
        {"duns": "15-048-3782"},
    ],
)
def test_the_same_identifier_or_domain_is_told_to_every_administrator(owner: World, profile: dict[str, str]) -> None:
    second = worlds.member(owner.aurora, "Otto", Role.OA)

    register(**profile)

    assert told() == sorted([owner.inviter.user.email, second.user.email])


def test_nothing_in_common_is_told_to_nobody(owner: World) -> None:
    register()

    assert told() == []


def test_the_mail_says_who_and_what_to_do(owner: World) -> None:
    register(email_domains="newco.example")

    text = render(worlds.mails("registration_in_your_name")[0]).text
    for words in ("Kim Novak, kim@else.example", "Newco Metals Ltd", owner.aurora.organization_id, "/join/"):
        assert words in text


def test_the_domain_of_a_free_mail_service_is_nobodys(owner: World) -> None:
    change(owner, email_domains=["gmail.com"])

    register(email_domains="gmail.com", contact_email="kim@gmail.com")

    assert told() == []


@pytest.mark.parametrize("state", [OrganizationState.SUSPENDED, OrganizationState.CLOSED, OrganizationState.PENDING])
def test_an_organisation_that_is_not_active_is_not_told(owner: World, state: str) -> None:
    change(owner, state=state)

    register(email_domains="newco.example")

    assert told() == []


def test_one_organisation_hears_of_ten_a_day_at_most(owner: World) -> None:
    for number in range(11):
        register(f"198.51.100.{number}", email_domains="newco.example")

    assert len(told()) == 10


def test_a_registration_goes_through_where_nobody_can_count(
    owner: World, registrant: Registrant, no_redis: None
) -> None:
    registrant.submitted()

    assert told() == [owner.inviter.user.email]
