"""The order of the wizard's steps, and which of them a registration has behind it. Reads only; writes nothing.

What a step asks for is looked up in what is stored, so that a change in one step re-opens those that depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.conf import settings

from orgs.models import Registration, RegistrationAdministrator, WizardStep

STEPS: tuple[WizardStep, ...] = tuple(WizardStep)


def completed(registration: Registration) -> list[WizardStep]:
    """The steps whose answers are stored and hold, in order and up to the first that does not."""
    people = list(registration.administrators.prefetch_related("administered"))
    holding: list[WizardStep] = []
    for step in STEPS:
        if not _holds(step, registration, people):
            break
        holding.append(step)
    return holding


def first_open(registration: Registration) -> WizardStep:
    """The step to go on with: the first that is not completed; Review at last."""
    done = completed(registration)
    return STEPS[min(len(done), len(STEPS) - 1)]


def is_open(registration: Registration, step: WizardStep) -> bool:
    """Whether ``step`` may be shown: all before it are completed."""
    return STEPS.index(step) <= len(completed(registration))


def following(step: WizardStep) -> WizardStep:
    return STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)]


def people_with_roles(registration: Registration) -> list[RegistrationAdministrator]:
    """Who needs a One-Time Password; Organization Administrators come first."""
    people = [person for person in registration.administrators.prefetch_related("administered") if _has_role(person)]
    return sorted(people, key=lambda person: not person.is_organization_administrator)


def without_one_time_password(registration: Registration) -> RegistrationAdministrator | None:
    """The first person with a role who has no One-Time Password yet; Organization Administrators come first."""
    waiting = (person for person in people_with_roles(registration) if not person.one_time_password_hash)
    return next(waiting, None)


def _has_role(person: RegistrationAdministrator) -> bool:
    return person.is_organization_administrator or bool(person.administered.all())


def _holds(step: WizardStep, registration: Registration, people: Sequence[RegistrationAdministrator]) -> bool:
    return _CHECKS[step](registration, people)


def _has_profile(registration: Registration, _people: Sequence[RegistrationAdministrator]) -> bool:
    """It was completed, and has the identifiers that the operator may have come to ask for since."""
    has_identifiers = all(getattr(registration, name) for name in settings.REQUIRED_IDENTIFIERS)
    return WizardStep.PROFILE in registration.completed_steps and has_identifiers


def _has_organization_administrator(_registration: Registration, people: Sequence[RegistrationAdministrator]) -> bool:
    return any(person.is_organization_administrator for person in people)


def _organization_administrators_have_passwords(
    _registration: Registration, people: Sequence[RegistrationAdministrator]
) -> bool:
    return all(person.one_time_password_hash for person in people if person.is_organization_administrator)


def _applications_have_administrators(registration: Registration, people: Sequence[RegistrationAdministrator]) -> bool:
    """Every requested application has somebody, and everybody with a role has a One-Time Password."""
    administered = {application.pk for person in people for application in person.administered.all()}
    requested = set(registration.applications.values_list("pk", flat=True))
    return requested <= administered and all(person.one_time_password_hash for person in people if _has_role(person))


_CHECKS: dict[WizardStep, Callable[[Registration, Sequence[RegistrationAdministrator]], bool]] = {
    WizardStep.WELCOME: lambda registration, _people: WizardStep.WELCOME in registration.completed_steps,
    WizardStep.PROFILE: _has_profile,
    WizardStep.ADMINISTRATOR: _has_organization_administrator,
    WizardStep.ONE_TIME_PASSWORD: _organization_administrators_have_passwords,
    WizardStep.APPLICATION_ADMINISTRATORS: _applications_have_administrators,
    WizardStep.REVIEW: lambda _registration, _people: False,
}
