"""Submitted registrations, made without the wizard: for what happens to them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.services import one_time_passwords
from orgs.models import Invitation, Registration, RegistrationAdministrator, RegistrationState
from tests.orgs.world import ONE_TIME_PASSWORD, sft

CONTACT = {"contact_first_name": "Kim", "contact_last_name": "Novak", "contact_email": "kim@newco.example"}


def submitted(
    legal_name: str = "Newco Metals Ltd",
    *,
    named: Sequence[str] = ("kim@newco.example",),
    invitation: Invitation | None = None,
    **fields: Any,
) -> Registration:
    """One that waits for the operator. Whoever is ``named`` is asked to be OA and AA; the first is the contact's address."""
    now = timezone.now()
    defaults: dict[str, Any] = {
        **CONTACT,
        "country": "GB",
        "state": RegistrationState.SUBMITTED,
        "expires_at": now + timedelta(days=30),
        "submitted_at": now,
        "due_at": now + timedelta(days=2),
    }
    registration = Registration.objects.create(legal_name=legal_name, invitation=invitation, **{**defaults, **fields})
    registration.applications.set([sft()])
    for email in named:
        name(registration, email)
    return registration


def name(registration: Registration, email: str, *, as_administrator: bool = True) -> RegistrationAdministrator:
    """Somebody entered in a registration, with the One-Time Password of the tests; with no role where asked for."""
    person = RegistrationAdministrator.objects.create(
        registration=registration,
        first_name=email.split("@", maxsplit=1)[0].capitalize(),
        last_name="Novak",
        email=email,
        is_contact=email == registration.contact_email,
        is_organization_administrator=as_administrator,
        one_time_password_hash=one_time_passwords.hash_of(ONE_TIME_PASSWORD),
    )
    if as_administrator:
        person.administered.set([sft()])
    return person
