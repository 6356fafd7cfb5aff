"""The Organization Profile by its country: what it asks for, what it takes, and what it says of the rest."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from orgs.forms.profile import OrganizationProfileForm
from orgs.models import Organization, WizardStep
from tests.orgs import world as worlds
from tests.orgs.registrant import PROFILE, Registrant
from tests.orgs.world import World

pytestmark = pytest.mark.django_db

IN_THE_US = {
    "country": "US",
    "city": "Arlington",
    "region": "va",
    "postal_code": "222021400",
    "phone": "+1 703 555 0100",
}


# --- Country ------------------------------------------------------------------------------------------------------
def test_an_address_is_stored_as_its_country_writes_it(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.PROFILE)

    assert registrant.profile(**IN_THE_US, tax_id="91-1144442", cage="1abc2").status_code == 302

    stored = registrant.stored()
    assert (stored.region, stored.postal_code, stored.phone.as_e164) == ("Virginia", "22202-1400", "+17035550100")
    assert (stored.tax_id, stored.cage) == ("911144442", "1ABC2")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"region": ""}, "addresses in this country need it"),
        ({"region": "Bavaria"}, "This is no state of United States of America."),
        ({"postal_code": ""}, "Enter the postal code."),
        ({"postal_code": "SW1A 1AA"}, "This is no postal code of United States of America."),
        ({"phone": "0114 496 0123"}, "This is no phone number of United States of America."),
        ({"cage": "D1234"}, "A CAGE code of the United States begins and ends with a digit."),
        ({"country": "DE"}, "This is no phone number of Germany."),
    ],
)
def test_what_the_country_does_not_have_is_said_beside_the_field_and_kept(
    registrant: Registrant, changes: dict[str, str], sentence: str
) -> None:
    registrant.up_to(WizardStep.PROFILE)

    answer = registrant.profile(**{**IN_THE_US, **changes})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'value="Arlington"' in page
    assert registrant.stored().legal_name == ""


def test_the_page_offers_the_regions_of_the_country_that_came_back(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.PROFILE)

    before = registrant.open(WizardStep.PROFILE).content.decode()
    page = registrant.profile(**{**IN_THE_US, "region": ""}).content.decode()

    assert '<option value="Virginia">' not in before
    assert '<option value="Virginia">' in page
    assert re.search(r'name="region"[^>]* list="id_region_list"', page)


def test_the_rules_of_a_country_are_there_for_the_script(client: Client) -> None:
    answer = client.get("/register/address-rules/", {"country": "US"})

    assert answer.json()["required"] == {"region": True, "postal_code": True}
    assert "Virginia" in answer.json()["regions"]
    assert "public" in answer.headers["Cache-Control"]
    for unknown in ("", "XX", "us", "../../zz", "ZZ", "x" * 500, "US\n"):
        nothing = client.get("/register/address-rules/", {"country": unknown})
        assert nothing.json() == {"regions": [], "required": {"region": False, "postal_code": False}}


# --- Bad input ----------------------------------------------------------------------------------------------------
TEXT_FIELDS = (
    "legal_name", "doing_business_as", "address_line_1", "address_line_2", "city", "region", "postal_code", "phone",
    "website", "email_domains", "uei", "cage", "duns", "tax_id", "contact_first_name", "contact_last_name",
    "contact_email", "contact_phone",
)  # fmt: skip
AWKWARD = (
    "x" * 255,
    "ü" * 255,
    "株式会社日本",
    "شركة الأفق",
    "🚀👩‍🚀🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "a\u202eb",
    "a\x00b",
    "\u200b",
    "Z\u0351\u036b\u0343\u036a",
    "' OR 1=1 --",
    "{{ 7|add:1 }}",
    "x" * 20_000,
)


@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_awkward_text_is_taken_or_refused_beside_its_field(registrant: Registrant, field: str) -> None:
    registrant.up_to(WizardStep.PROFILE)

    for typed in AWKWARD:
        answer = registrant.profile(**{field: typed})

        assert answer.status_code in (302, 422), typed
        if answer.status_code == 422:
            form = answer.context["form"]
            assert list(form.errors) == [field]
            assert form[field].value() == typed


def test_every_link_of_the_error_summary_leads_to_its_field(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.PROFILE)

    empty: dict[str, Any] = dict.fromkeys((*PROFILE, "applications"))
    page = registrant.profile(**empty).content.decode()

    summary = page[page.index("error-summary") : page.index("</ul>", page.index("error-summary"))]
    targets = re.findall(r'href="#([^"]+)"', summary)
    assert len(targets) == 10
    assert all(f'id="{target}"' in page for target in targets)


@pytest.mark.parametrize("field", ["contact_email", "email_domains"])
def test_throw_away_mail_is_refused_in_one_sentence(registrant: Registrant, settings: LazySettings, field: str) -> None:
    registrant.up_to(WizardStep.PROFILE)
    typed = "kim@mailinator.com" if field == "contact_email" else "newco.example, mailinator.com"

    refused = registrant.profile(**{field: typed})
    settings.REFUSE_DISPOSABLE_MAIL = False
    taken = registrant.profile(**{field: typed})

    assert (refused.status_code, taken.status_code) == (422, 302)
    assert "throw-away address" in refused.content.decode()


def test_throw_away_mail_of_an_administrator_is_refused(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)

    answer = registrant.create_administrator(**{"new-email": "petra@mailinator.com"})

    assert answer.status_code == 422
    assert "throw-away address" in answer.content.decode()


# --- The operator's settings --------------------------------------------------------------------------------------
def test_identifiers_that_the_operator_requires_are_asked_for(registrant: Registrant, settings: LazySettings) -> None:
    settings.REQUIRED_IDENTIFIERS = ["duns", "tax_id"]
    registrant.up_to(WizardStep.PROFILE)

    refused = registrant.profile(uei="J9MT6LPZ9XH7")
    taken = registrant.profile(duns="12-345-6789", tax_id="GB980780684")

    assert set(refused.context["form"].errors) == {"duns", "tax_id"}
    assert "Enter the D-U-N-S number." in refused.content.decode()
    assert taken.status_code == 302


def test_a_draft_from_before_they_were_required_is_asked_again(registrant: Registrant, settings: LazySettings) -> None:
    registrant.up_to(WizardStep.REVIEW)
    settings.REQUIRED_IDENTIFIERS = ["uei"]

    answer = registrant.submit()

    assert answer.headers["Location"] == registrant.url(WizardStep.PROFILE)
    assert registrant.stored().state == "draft"


# --- Invited ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("colleague_allowed", [True, False])
def test_the_invited_address_is_fixed_unless_a_colleague_may_register(
    world: World, registrant: Registrant, *, colleague_allowed: bool
) -> None:
    invitation = worlds.invite(world, email="kim@newco.example")
    type(invitation).objects.filter(pk=invitation.pk).update(colleague_allowed=colleague_allowed)
    registrant.up_to(WizardStep.PROFILE, f"/invitation/{worlds.secret_of(invitation)}/")

    registrant.profile(contact_email="lee@newco.example")

    expected = "lee@newco.example" if colleague_allowed else "kim@newco.example"
    assert registrant.stored().contact_email == expected


# --- On its own ---------------------------------------------------------------------------------------------------
def test_the_profile_alone_begins_with_what_is_stored_and_gives_it_back() -> None:
    stored = Organization(
        legal_name="Aurora",
        country="US",
        address_line_1="1 Main Street",
        city="Wichita",
        region="Kansas",
        postal_code="67202",
        phone="+13162650123",
        email_domains=["aurora.example", "aurora.test"],
    )
    shown = OrganizationProfileForm(stored=stored)

    saved = OrganizationProfileForm({name: shown[name].value() for name in shown.fields}, stored=stored)

    assert saved.is_valid(), saved.errors
    assert saved.profile() == {**stored.profile(), "country": "US"}
    assert not {"contact_email", "applications"} & set(saved.fields)
