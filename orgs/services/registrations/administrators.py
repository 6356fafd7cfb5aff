"""The people whom a draft names as administrators, and the One-Time Passwords chosen for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.services import one_time_passwords
from core.actor import Actor
from core.errors import Conflict, Invalid
from orgs.models import Application, Registration, RegistrationAdministrator, WizardStep
from orgs.services import initial_secrets
from orgs.services.registrations.drafts import editing

MOST_PEOPLE = 50
NOBODY = "Select at least one person, or create one."
Choice = Mapping[Application, Collection[RegistrationAdministrator]]


@dataclass(frozen=True, slots=True)
class Person:
    first_name: str
    last_name: str
    email: str
    phone: str = ""


def choose_organization_administrators(
    actor: Actor, registration: Registration, *, chosen: Collection[RegistrationAdministrator]
) -> None:
    """Let these people, who are entered already, be the Organization Administrators, and nobody else.

    Raises ``Invalid`` for nobody, and ``Conflict`` where one of them was removed meanwhile.
    """
    if not chosen:
        raise Invalid(fields={"selected": NOBODY})
    with editing(actor, registration, WizardStep.ADMINISTRATOR) as draft:
        _appoint(draft, [administrator.pk for administrator in chosen])


def enter_organization_administrator(
    actor: Actor,
    registration: Registration,
    *,
    person: Person,
    beside: Collection[RegistrationAdministrator] = (),
) -> RegistrationAdministrator:
    """Enter somebody new as an Organization Administrator: ``beside`` these, and nobody else.

    Raises ``Invalid`` for an address already entered.
    """
    with editing(actor, registration, WizardStep.ADMINISTRATOR) as draft:
        entered = _enter(draft, person)
        _appoint(draft, [entered.pk, *(administrator.pk for administrator in beside)])
    return entered


def set_one_time_password(
    actor: Actor, registration: Registration, *, administrator: RegistrationAdministrator, typed: str | None
) -> str:
    """Keep the hash of ``typed``, or of a generated secret for ``None``; returns the secret, which is nowhere else.

    Raises ``Invalid`` with ``fields["one_time_password"]`` below the password policy.
    """
    secret = _secret_for(administrator, typed)
    secret_hash = one_time_passwords.hash_of(secret)
    with editing(actor, registration, WizardStep.ONE_TIME_PASSWORD) as draft:
        kept = draft.administrators.filter(pk=administrator.pk)
        if not kept.update(one_time_password_hash=secret_hash):
            raise Conflict("This person was removed from the registration meanwhile.")
    return secret


def choose_application_administrators(actor: Actor, registration: Registration, *, chosen: Choice) -> None:
    """Say who administers which application. Raises ``Invalid`` for an application that would have nobody."""
    missing = {f"application_{application.code}": NOBODY for application, people in chosen.items() if not people}
    if missing:
        raise Invalid(fields=missing)
    with editing(actor, registration, WizardStep.APPLICATION_ADMINISTRATORS) as draft:
        _assign(draft, chosen)


def enter_application_administrator(
    actor: Actor,
    registration: Registration,
    *,
    person: Person,
    applications: Sequence[Application],
    typed: str | None,
    chosen: Choice | None = None,
) -> tuple[RegistrationAdministrator, str]:
    """Enter somebody new for ``applications``; returns them and their One-Time Password.

    ``chosen`` is what was selected on the page so far, and is stored along. Raises ``Invalid`` for an address already
    entered and for a secret below the password policy.
    """
    secret = _secret_for(person, typed)
    secret_hash = one_time_passwords.hash_of(secret)
    with editing(actor, registration, WizardStep.APPLICATION_ADMINISTRATORS) as draft:
        if chosen is not None:
            _assign(draft, chosen)
        entered = _enter(draft, person, secret_hash=secret_hash)
        entered.administered.set(draft.applications.filter(pk__in=[application.pk for application in applications]))
    return entered, secret


def correct(
    actor: Actor, registration: Registration, *, administrator: RegistrationAdministrator, person: Person
) -> None:
    """Change the name, address or phone of somebody entered earlier; the registrant's own are in the profile."""
    with editing(actor, registration, WizardStep.ADMINISTRATOR) as draft:
        kept = _entered(draft, administrator)
        _refuse_twin(draft, person.email, other_than=kept.pk)
        kept.first_name, kept.last_name = person.first_name, person.last_name
        kept.email, kept.phone = person.email.lower(), person.phone
        kept.save()


def remove(actor: Actor, registration: Registration, *, administrator: RegistrationAdministrator) -> None:
    """Take somebody out of the draft, with the roles they had in it."""
    with editing(actor, registration, WizardStep.ADMINISTRATOR) as draft:
        _entered(draft, administrator).delete()


def _assign(draft: Registration, chosen: Choice) -> None:
    for administrator in draft.administrators.all():
        administrator.administered.set(application for application, people in chosen.items() if administrator in people)


def _entered(draft: Registration, administrator: RegistrationAdministrator) -> RegistrationAdministrator:
    found = draft.administrators.filter(pk=administrator.pk, is_contact=False).first()
    if found is None:
        raise Conflict("This person was removed meanwhile, or is the primary contact, who is edited in the profile.")
    return found


def _appoint(draft: Registration, pks: Collection[UUID]) -> None:
    draft.administrators.exclude(pk__in=pks).update(is_organization_administrator=False)
    if draft.administrators.filter(pk__in=pks).update(is_organization_administrator=True) != len(set(pks)):
        raise Conflict("Somebody was removed from the registration meanwhile. Please look at who is left.")


def _enter(draft: Registration, person: Person, *, secret_hash: str = "") -> RegistrationAdministrator:
    _refuse_twin(draft, person.email)
    if draft.administrators.count() >= MOST_PEOPLE:
        raise Invalid(f"A registration names up to {MOST_PEOPLE} people. More can be added once it is approved.")
    return RegistrationAdministrator.objects.create(
        registration=draft,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email.lower(),
        phone=person.phone,
        one_time_password_hash=secret_hash,
    )


def _refuse_twin(draft: Registration, email: str, *, other_than: UUID | None = None) -> None:
    others = draft.administrators.exclude(pk=other_than) if other_than else draft.administrators.all()
    twin = others.filter(email__iexact=email).first()
    if twin:
        sentence = f"You have already entered {twin.full_name} with this address. Select them instead."
        raise Invalid(fields={"email": sentence})


def _secret_for(person: Person | RegistrationAdministrator, typed: str | None) -> str:
    return initial_secrets.choose(typed, first_name=person.first_name, last_name=person.last_name, email=person.email)
