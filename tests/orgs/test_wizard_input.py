"""What people type that is not right: a sentence beside the field, what was typed stays, nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from orgs.models import Registration, RegistrationAdministrator, WizardStep
from tests.orgs import world as worlds
from tests.orgs.registrant import PROFILE, Registrant, person
from tests.orgs.world import ONE_TIME_PASSWORD, World

pytestmark = pytest.mark.django_db


# --- Organization Profile -----------------------------------------------------------------------------------------
REQUIRED = {
    "legal_name": "Enter the legal name of the organisation.",
    "country": "Choose the country.",
    "address_line_1": "Enter the street and number.",
    "city": "Enter the city.",
    "postal_code": "Enter the postal code.",
    "phone": "Enter the organisation’s phone number.",
    "contact_first_name": "Enter your first name.",
    "contact_last_name": "Enter your last name.",
    "contact_email": "Enter your e-mail address.",
    "applications": "Choose at least one application.",
}


@pytest.mark.parametrize("field", REQUIRED)
def test_profile_names_each_required_field_that_is_empty(registrant: Registrant, field: str) -> None:
    registrant.up_to(WizardStep.PROFILE)

    empty: dict[str, Any] = {field: None}
    page = registrant.profile(**empty).content.decode()

    assert REQUIRED[field] in page
    assert page.count(REQUIRED[field]) == 2, "once in the summary, once beside the field"
    assert registrant.stored().completed_steps == [WizardStep.WELCOME]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("legal_name", "x" * 201, "Use at most 200 characters; these are 201."),
        ("city", "x" * 121, "Use at most 120 characters; these are 121."),
        ("contact_email", f"{'x' * 250}@newco.example", "Use at most 254 characters"),
        ("legal_name", "Newco\u202elatem", "characters that cannot be shown"),
        ("legal_name", "Newco\x07", "characters that cannot be shown"),
        ("country", "XX", "Choose a country of the list."),
        ("country", "US", "This is no phone number of United States of America."),
        ("phone", "+1 703 555 0100", "This is no phone number of United Kingdom."),
        ("phone", "12", "This is no phone number of United Kingdom."),
        ("phone", "call me", "This is no phone number of United Kingdom."),
        ("postal_code", "90210", "This is no postal code of United Kingdom."),
        ("contact_phone", "12", "This is no phone number."),
        ("contact_email", "kim at newco", "This is no e-mail address."),
        ("website", "not an address", "This is no web address."),
        ("website", "javascript:alert(1)", "This is no web address."),
        ("website", f"https://newco.example/{'x' * 200}", "Use at most 200 characters; these are 222."),
        ("email_domains", "x" * 1001, "Use at most 1000 characters; these are 1001."),
        ("email_domains", "newco.example, nonsense", "“nonsense” is no e-mail domain."),
        ("uei", "O23456789012", "A UEI has 12 letters and digits"),
        ("uei", "ABC", "A UEI has 12 letters and digits"),
        ("cage", "12I45", "A CAGE or NCAGE code has 5"),
        ("duns", "12-345-678", "A D-U-N-S number has 9 digits."),
        ("tax_id", "<b>", "A tax ID has 4 to 32"),
        ("business_type", "empire", "not one of the available choices"),
    ],
)
def test_profile_says_what_is_wrong_with_a_field(registrant: Registrant, field: str, value: str, sentence: str) -> None:
    registrant.up_to(WizardStep.PROFILE)

    response = registrant.profile(**{field: value})

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert registrant.stored().legal_name == ""


def test_profile_keeps_what_was_typed(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.PROFILE)

    page = registrant.profile(phone="call me", address_line_2="Unit “4” <north>").content.decode()

    assert 'value="call me"' in page
    assert "Unit “4” &lt;north&gt;" in page
    assert '<option value="GB" selected>' in page


def test_profile_brings_identifiers_to_one_spelling(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.PROFILE)

    registrant.profile(uei="j9mt 6lpz-9xh7", cage="1ab-c2", duns="12-345-6789", tax_id="gb 123 4567 89")

    stored = registrant.stored()
    assert (stored.uei, stored.cage, stored.duns, stored.tax_id) == (
        "J9MT6LPZ9XH7",
        "1ABC2",
        "123456789",
        "GB123456789",
    )


def test_profile_takes_names_of_any_script(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.PROFILE)

    registrant.profile(legal_name="  Müller &  Søn 株式会社 🚀 ", contact_last_name="O’Néill")

    assert registrant.stored().legal_name == "Müller & Søn 株式会社 🚀"
    assert registrant.stored().contact_last_name == "O’Néill"


def test_a_country_without_postal_codes_needs_none(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.PROFILE)

    response = registrant.profile(country="AE", region="Dubai", postal_code="", phone="+971 2 234 5678")

    assert response.status_code == 302


def test_profile_ignores_fields_that_are_not_its_own(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.PROFILE)

    registrant.profile(state="approved", decided_by_id="1", organization="1", completed_steps="review", id="1")

    stored = registrant.stored()
    assert stored.state == "draft"
    assert stored.decided_by_id is None
    assert stored.completed_steps == [WizardStep.WELCOME, WizardStep.PROFILE]


def test_an_invited_registrant_keeps_the_invited_address(world: World, registrant: Registrant) -> None:
    invitation = worlds.invite(world, email="kim@newco.example")
    registrant.up_to(WizardStep.PROFILE, f"/invitation/{worlds.secret_of(invitation)}/")

    registrant.profile(contact_email="mallory@evil.example")

    assert registrant.stored().contact_email == "kim@newco.example"


# --- Organization Administrator -----------------------------------------------------------------------------------
def test_nobody_selected_as_organization_administrator(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)

    page = registrant.post(WizardStep.ADMINISTRATOR, person("Petra")).content.decode()

    assert "Select a person, or “Create somebody else”." in page
    assert 'value="Petra"' in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("new-first_name", "", "Enter a first name."),
        ("new-last_name", "", "Enter a last name."),
        ("new-email", "", "Enter an e-mail address."),
        ("new-email", "petra@", "This is no e-mail address."),
        ("new-first_name", "x" * 81, "Use at most 80 characters; these are 81."),
        ("new-phone", "12", "This is no phone number."),
    ],
)
def test_a_new_organization_administrator_is_checked(
    registrant: Registrant, field: str, value: str, sentence: str
) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)

    response = registrant.create_administrator(**{field: value})

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert registrant.stored().administrators.count() == 1


def test_a_new_organization_administrator_is_entered(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)

    assert registrant.create_administrator(**{"new-phone": "0114 496 0124"}).status_code == 302

    petra = registrant.named("Petra")
    assert petra.is_organization_administrator
    assert petra.phone == "+44 114 496 0124"


@pytest.mark.parametrize("email", ["kim@newco.example", "KIM@Newco.Example"])
def test_an_address_entered_already_is_to_be_selected(registrant: Registrant, email: str) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)

    page = registrant.create_administrator(**{"new-email": email}).content.decode()

    assert "You have already entered Kim Novak with this address. Select them instead." in page


def test_an_address_known_to_the_gateway_looks_like_any_other(world: World, registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)

    known = registrant.create_administrator(**{"new-email": world.stranger.user.email})
    assert known.status_code == 302
    assert world.stranger.user.user_id not in registrant.open(WizardStep.ADMINISTRATOR).content.decode()


def test_somebody_of_another_registration_cannot_be_selected(registrant: Registrant) -> None:
    other = Registrant("203.0.113.77")
    other.up_to(WizardStep.ADMINISTRATOR)
    registrant.up_to(WizardStep.ADMINISTRATOR)

    page = registrant.post(WizardStep.ADMINISTRATOR, {"selected": str(other.contact().pk)}).content.decode()

    assert "no longer part of this registration" in page
    assert not RegistrationAdministrator.objects.filter(is_organization_administrator=True).exists()


# --- One Time Password --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ("", "Type a One-Time Password, or let the gateway generate one."),
        ("short", "at least 15 characters"),
        ("passwordpassword", "This"),
        ("kim novak newco kim", "your own name"),
        ("x" * 257, "Use at most 256 characters; these are 257."),
    ],
)
def test_a_one_time_password_below_the_policy_is_refused(registrant: Registrant, secret: str, sentence: str) -> None:
    registrant.up_to(WizardStep.ONE_TIME_PASSWORD)

    response = registrant.one_time_password(secret)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert registrant.contact().one_time_password_hash == ""


def test_a_one_time_password_is_kept_as_a_hash_and_shown_once(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ONE_TIME_PASSWORD)

    registrant.one_time_password()

    stored = registrant.contact().one_time_password_hash
    assert stored
    assert ONE_TIME_PASSWORD not in stored
    first = registrant.open(WizardStep.APPLICATION_ADMINISTRATORS).content.decode()
    assert ONE_TIME_PASSWORD in first
    assert "You are responsible for communicating the One Time Password to the user." in first
    assert ONE_TIME_PASSWORD not in registrant.open(WizardStep.APPLICATION_ADMINISTRATORS).content.decode()
    assert ONE_TIME_PASSWORD not in registrant.open(WizardStep.ONE_TIME_PASSWORD).content.decode()


def test_a_generated_one_time_password_is_shown_once(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ONE_TIME_PASSWORD)

    response = registrant.post(WizardStep.ONE_TIME_PASSWORD, {"generate": "1", "one_time_password": "short"})

    assert response.status_code == 302
    page = registrant.open(WizardStep.APPLICATION_ADMINISTRATORS)
    shown = page.context["secret"]
    assert len(shown.replace("-", "")) == 16
    assert registrant.open(WizardStep.APPLICATION_ADMINISTRATORS).context["secret"] == ""


def test_no_secret_is_left_in_the_session(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ONE_TIME_PASSWORD)

    registrant.one_time_password()

    assert ONE_TIME_PASSWORD not in str(dict(registrant.client.session))


# --- Application Administrator(s) ---------------------------------------------------------------------------------
def test_every_application_needs_an_administrator(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)

    page = registrant.post(WizardStep.APPLICATION_ADMINISTRATORS).content.decode()

    assert "Select at least one person, or create one below." in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"new-first_name": ""}, "Enter a first name."),
        ({"new-email": "ana"}, "This is no e-mail address."),
        ({"new-email": "kim@newco.example"}, "You have already entered Kim Novak"),
        ({"new-one_time_password": ""}, "Type a One-Time Password"),
        ({"new-one_time_password": "short"}, "at least 15 characters"),
        ({"new-one_time_password": "ana ortiz ana ortiz"}, "your own name"),
    ],
)
def test_a_new_application_administrator_is_checked(
    registrant: Registrant, changes: dict[str, Any], sentence: str
) -> None:
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)

    response = registrant.create_application_administrator(**changes, application_sft=str(registrant.contact().pk))

    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert "checked" in page, "what was ticked stays"
    assert 'value="Ortiz"' in page
    assert registrant.stored().administrators.count() == 1


def test_creating_keeps_what_was_ticked(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)

    registrant.create_application_administrator(application_sft=str(registrant.contact().pk))

    assert list(registrant.contact().administered.all()) == [worlds.sft()]
    assert list(registrant.named("Ana").administered.all()) == [worlds.sft()]


def test_next_does_not_lose_somebody_half_entered(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)

    page = registrant.select_application_administrators(**person("Ana", email="")).content.decode()

    assert "Press Create to keep them" in page
    assert 'value="Ana"' in page


def test_somebody_selected_without_a_one_time_password_gets_one_next(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.ADMINISTRATOR)
    registrant.create_administrator()
    registrant.one_time_password()

    response = registrant.select_application_administrators()

    for_kim = registrant.url(WizardStep.ONE_TIME_PASSWORD, person=registrant.contact().pk)
    assert response.headers["Location"] == for_kim
    assert "Kim Novak" in registrant.get(for_kim).content.decode()
    after = registrant.client.post(for_kim, {"one_time_password": ONE_TIME_PASSWORD})
    assert after.headers["Location"] == registrant.url(WizardStep.REVIEW)


def test_nothing_half_done_is_submitted(registrant: Registrant) -> None:
    registrant.up_to(WizardStep.APPLICATION_ADMINISTRATORS)

    registrant.submit()

    assert registrant.stored().state == "draft"
    assert Registration.objects.filter(submitted_at__isnull=False).count() == 0
    assert PROFILE["legal_name"] == registrant.stored().legal_name
