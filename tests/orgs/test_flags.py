"""What Submit works out for the operator, and what Review advises the registrant."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from orgs import advice, completeness, flags
from orgs.models import Flag, Organization, Registration, RegistrationAdministrator, WizardStep
from tests.orgs import world as worlds
from tests.orgs.registrant import Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


def registration(*, administrators: int = 2, **changes: Any) -> Registration:
    """One that nothing is to be said of, but for ``changes``."""
    right: dict[str, Any] = {
        "legal_name": "Newco",
        "country": "GB",
        "contact_email": "kim@newco.example",
        "email_domains": ["newco.example"],
        "email_confirmed_at": timezone.now(),
        "expires_at": timezone.now(),
    }
    made = Registration.objects.create(**{**right, **changes})
    for number in range(administrators):
        RegistrationAdministrator.objects.create(
            registration=made,
            first_name=f"A{number}",
            last_name="B",
            email=f"a{number}@newco.example",
            is_organization_administrator=True,
        )
    return made


# --- Flags --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"contact_email": "kim@gmail.com"}, [Flag.FREE_MAIL]),
        ({"contact_email": "kim@mailinator.com"}, [Flag.DISPOSABLE_MAIL]),
        ({"email_domains": ["newco.example", "gmail.com"]}, [Flag.FREE_MAIL_DOMAIN]),
        ({"contact_email": "kim@other.example"}, [Flag.OTHER_DOMAIN]),
        ({"contact_email": "kim@eu.newco.example"}, []),
        ({"contact_email": "kim@evilnewco.example"}, [Flag.OTHER_DOMAIN]),
        ({"contact_email": "kim@other.example", "email_domains": []}, []),
        ({"email_confirmed_at": None}, [Flag.UNCONFIRMED_MAIL]),
        ({"administrators": 1}, [Flag.ONE_ADMINISTRATOR]),
        (
            {"contact_email": "kim@gmail.com", "email_confirmed_at": None, "administrators": 1},
            [Flag.FREE_MAIL, Flag.UNCONFIRMED_MAIL, Flag.ONE_ADMINISTRATOR],
        ),
    ],
)
def test_what_the_operator_should_look_at_twice(changes: dict[str, Any], expected: list[Flag]) -> None:
    assert flags.of(registration(**changes)) == expected


def test_submit_writes_them_down(registrant: Registrant, settings: LazySettings) -> None:
    settings.REFUSE_DISPOSABLE_MAIL = False
    registrant.up_to(WizardStep.REVIEW)
    registrant.profile(contact_email="kim@mailinator.com", email_domains="gmail.com", duns="123456789")

    registrant.submit()

    stored = registrant.stored()
    assert {Flag.DISPOSABLE_MAIL, Flag.FREE_MAIL_DOMAIN, Flag.ONE_ADMINISTRATOR} <= set(stored.flags)
    assert stored.completeness == completeness.per_cent(stored) > 0


def test_submit_finds_likenesses_and_tells_the_owner(world: World, registrant: Registrant) -> None:
    Organization.objects.filter(pk=world.aurora.pk).update(duns="123456789")
    registrant.up_to(WizardStep.REVIEW)
    registrant.profile(duns="12-345-6789")

    registrant.submit()

    assert registrant.stored().matches.get().organization == world.aurora
    assert [mail.to for mail in worlds.mails("registration_in_your_name")] == [world.inviter.user.email]


# --- Completeness -------------------------------------------------------------------------------------------------
FULL = {
    "legal_name": "Newco",
    "country": "US",
    "address_line_1": "1 Main Street",
    "city": "Wichita",
    "region": "Kansas",
    "postal_code": "67202",
    "phone": "+13162650123",
    "website": "https://newco.example",
    "email_domains": ["newco.example"],
    "uei": "J9MT6LPZ9XH7",
    "cage": "1ABC2",
    "duns": "123456789",
    "tax_id": "911144442",
    "business_type": "llc",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 100),
        ({"uei": ""}, 92),
        (dict.fromkeys(("uei", "cage", "duns", "tax_id", "website", "business_type"), ""), 57),
        ({"country": "GB", "region": ""}, 100),
        ({"country": "AE", "postal_code": ""}, 100),
        ({"country": "US", "postal_code": ""}, 92),
    ],
)
def test_the_share_of_the_profile_that_is_filled_in(changes: dict[str, str], expected: int) -> None:
    assert completeness.per_cent(Organization(**{**FULL, **changes})) == expected


def test_an_empty_profile_is_not_complete_at_all() -> None:
    assert completeness.per_cent(Organization()) == 0


# --- Advice -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"contact_email": "kim@gmail.com"}, "Anybody can have an address at gmail.com."),
        ({"email_domains": ["newco.example", "gmail.com"]}, "gmail.com is a mail service for everybody."),
        ({"contact_email": "kim@other.example"}, "Your address is at other.example"),
        ({"tax_id": "GB123456789"}, "does not look like a tax ID of United Kingdom"),
        ({"country": "DE", "cage": "12345"}, "does not look like an NCAGE code of Germany"),
        ({"country": "US", "region": "Texas", "postal_code": "22202"}, "Postal codes of Texas usually begin otherwise"),
        ({"administrators": 1}, "Two are recommended"),
    ],
)
def test_review_advises_in_a_sentence(changes: dict[str, Any], words: str) -> None:
    [entry] = advice.of(registration(**changes))

    assert words in entry.text
    assert entry.text.endswith(".")
    assert "return=review" in entry.url


def test_nothing_is_advised_where_all_is_well() -> None:
    assert advice.of(registration()) == []


def test_advice_is_no_condition(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.REVIEW)

    page = registrant.open(WizardStep.REVIEW).content.decode()
    registrant.submit()

    assert "Worth a second look" in page
    assert "Add another Organization Administrator" in page
    assert registrant.stored().state == "submitted"
