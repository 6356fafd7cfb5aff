"""What a registrant may want to change before Submit. Advice, never a condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orgs import flags, mail_domains, validators
from orgs.addresses import ANOTHER, step_url
from orgs.models import Flag, Registration, WizardStep
from orgs.validators import country_name


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence, and where its subject is changed."""

    text: str
    url: str
    link_label: str


def of(registration: Registration) -> list[Advice]:
    """In the order of the steps."""
    profile = step_url(registration, WizardStep.PROFILE, returning=True)
    administrator = step_url(registration, WizardStep.ADMINISTRATOR, returning=True)
    flagged = flags.of(registration)
    sentences = [*_on_identifiers(registration), *_on_addresses(registration, flagged)]
    found = [Advice(sentence, profile, "Change the profile") for sentence in sentences]
    if Flag.ONE_ADMINISTRATOR in flagged:
        sentence = (
            "Only one Organization Administrator is named. Two are recommended: when one is away or leaves, the other can "
            "still manage your users."
        )
        found.append(Advice(sentence, f"{administrator}&{ANOTHER}=1", "Add another Organization Administrator"))
    return found


def _on_identifiers(registration: Registration) -> Iterator[str]:
    country = registration.country.code or ""
    where = country_name(country)
    if not validators.postal_code_is_of(registration.postal_code, country, registration.region):
        yield f"Postal codes of {registration.region} usually begin otherwise than {registration.postal_code}."
    if validators.is_doubtful_cage(registration.cage, country):
        yield f"{registration.cage} does not look like an NCAGE code of {where}. Leave it where it is right all the same."
    if validators.is_doubtful_tax_id(registration.tax_id, country):
        yield (
            f"{registration.tax_id} does not look like a tax ID of {where}: a character may be wrong. Leave it where it is "
            "right all the same."
        )


def _on_addresses(registration: Registration, flagged: list[Flag]) -> Iterator[str]:
    domain = mail_domains.of(registration.contact_email)
    free = [name for name in registration.email_domains if mail_domains.is_free(name)]
    if Flag.FREE_MAIL in flagged or Flag.DISPOSABLE_MAIL in flagged:
        yield f"Anybody can have an address at {domain}. One at your organisation’s own domain speeds the review up."
    if free:
        yield f"{free[0]} is a mail service for everybody. A domain of your organisation’s own speeds the review up."
    if Flag.OTHER_DOMAIN in flagged:
        own = ", ".join(registration.email_domains)
        yield f"Your address is at {domain}, which is not among your organisation’s e-mail domains ({own})."
