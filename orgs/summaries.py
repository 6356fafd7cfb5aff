"""What was entered, as titled lists of labels and values: for Review, for the operator, and for the organisation's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orgs import address_rules
from orgs.addresses import step_url
from orgs.models import OrganizationProfile, Registration, RegistrationAdministrator, RegistrationState, WizardStep


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    rows: list[Row]
    edit_url: str = ""


def of_registration(registration: Registration, *, editable: bool = False) -> list[Section]:
    """All sections of a registration; ``editable`` gives each the address of its step, which leads back to Review."""
    people = list(registration.administrators.prefetch_related("administered"))

    def edit(step: WizardStep) -> str:
        return step_url(registration, step, returning=True) if editable else ""

    applications = list(registration.applications.all())
    return [
        Section("Organization Profile", of_profile(registration), edit(WizardStep.PROFILE)),
        Section("Primary contact", _contact(registration), edit(WizardStep.PROFILE)),
        Section(
            "Applications",
            [Row("Requested", ", ".join(application.name for application in applications))],
            edit(WizardStep.PROFILE),
        ),
        Section(
            "Organization Administrator",
            _people(
                [person for person in people if person.is_organization_administrator],
                with_password=registration.state == RegistrationState.DRAFT,
            ),
            edit(WizardStep.ADMINISTRATOR),
        ),
        Section(
            "Application Administrator(s)",
            [
                Row(application.name, "\n".join(_named(person) for person in people if _runs(person, application)))
                for application in applications
            ],
            edit(WizardStep.APPLICATION_ADMINISTRATORS),
        ),
    ]


def of_profile(profile: OrganizationProfile) -> list[Row]:
    """The facts of an organisation; the address in one piece."""
    address = address_rules.of(profile.country.code).lines(
        street=(profile.address_line_1, profile.address_line_2),
        city=profile.city,
        region=profile.region,
        postal_code=profile.postal_code,
    )
    return [
        Row("Legal name", profile.legal_name),
        Row("Doing business as", profile.doing_business_as),
        Row("Business type", str(profile.get_business_type_display())),
        Row("Address", "\n".join(filter(None, (*address, str(profile.country.name or ""))))),
        Row("Phone", profile.phone.as_international if profile.phone else ""),
        Row("Website", profile.website),
        Row("E-mail domain(s)", ", ".join(profile.email_domains)),
        Row("UEI", profile.uei),
        Row("CAGE / NCAGE", profile.cage),
        Row("D-U-N-S", profile.duns),
        Row("Tax ID", profile.tax_id),
    ]


def _contact(registration: Registration) -> list[Row]:
    return [
        Row("Name", registration.contact_name),
        Row("E-mail address", registration.contact_email),
        Row("Direct phone", registration.contact_phone),
    ]


def _people(people: list[RegistrationAdministrator], *, with_password: bool) -> list[Row]:
    chosen = ["One Time Password: chosen; it cannot be shown again"] if with_password else []
    return [
        Row(person.full_name, "\n".join(line for line in (person.email, person.phone, *chosen) if line))
        for person in people
    ]


def _named(person: RegistrationAdministrator) -> str:
    return f"{person.full_name}, {person.email}"


def _runs(person: RegistrationAdministrator, application: Any) -> bool:
    return application in person.administered.all()
