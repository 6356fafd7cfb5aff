"""Drafts nobody comes back to: reminded once, ended, and begun again with what they held."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core import audit, states
from core.actor import Actor
from core.errors import Conflict
from orgs import wizard
from orgs.models import OPEN_STATES, Registration, RegistrationAdministrator, RegistrationState
from orgs.services.registrations import drafts

CLOCK = Actor.system("expiry of drafts")


def remind_due(*, limit: int = 500) -> int:
    """Mail the way back to whoever left a draft that soon ends, once; a saved step begins a new count."""
    return sum(_remind(registration) for registration in _fading().order_by("expires_at")[:limit])


def expire_due(*, limit: int = 500) -> int:
    """End the drafts nobody came back to; what they held of One-Time Passwords goes with them."""
    return sum(_expire(registration) for registration in _due().order_by("expires_at")[:limit])


def start_again(actor: Actor, registration: Registration) -> Registration:
    """A new draft with what an expired one held, but for the One-Time Passwords.

    Raises ``Conflict`` for a registration that has not expired, and ``Gone`` and ``TooMany`` as ``drafts.start`` does.
    """
    if registration.state != RegistrationState.EXPIRED:
        raise Conflict("This registration has not expired. Open its link to see how it stands.")
    with transaction.atomic():
        draft = drafts.start(
            actor, invitation=registration.invitation, email=registration.contact_email, language=registration.language
        )
        if not draft.completed_steps and not draft.administrators.exists():
            _copy(registration, draft)
        return draft


def _copy(ended: Registration, draft: Registration) -> None:
    """``draft`` was just begun. The person holds ``ended`` already, so its address is as confirmed as it was."""
    for name in (*draft.profile_fields(), *drafts.CONTACT_FIELDS, "email_confirmed_at"):
        setattr(draft, name, getattr(ended, name))
    draft.completed_steps = ended.completed_steps
    draft.applications.set(ended.applications.all())
    for person in ended.administrators.prefetch_related("administered"):
        _copy_person(person, draft)
    draft.completed_steps = list(wizard.completed(draft))
    draft.save()


def _copy_person(person: RegistrationAdministrator, draft: Registration) -> None:
    twin = RegistrationAdministrator.objects.create(
        registration=draft,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        phone=person.phone,
        is_contact=person.is_contact,
        is_organization_administrator=person.is_organization_administrator,
    )
    twin.administered.set(person.administered.all())


def _fading() -> QuerySet[Registration]:
    """Drafts that end within ``REGISTRATION_DRAFT_REMINDER``, whose contact can be reached and was not reminded yet."""
    now = timezone.now()
    open_invitation = Q(invitation__state__in=OPEN_STATES, invitation__expires_at__gt=now)
    return (
        Registration.objects.filter(
            state=RegistrationState.DRAFT,
            expires_at__gt=now,
            expires_at__lte=now + settings.REGISTRATION_DRAFT_REMINDER,
            reminded_at=None,
        )
        .exclude(contact_email="")
        .filter(Q(invitation=None) | open_invitation)
    )


def _remind(registration: Registration) -> bool:
    with transaction.atomic():
        claimed = Registration.objects.filter(
            pk=registration.pk, state=RegistrationState.DRAFT, reminded_at=None, expires_at=registration.expires_at
        ).update(reminded_at=timezone.now())
        if claimed:
            audit.record(CLOCK, "orgs.registration.remind", registration)
            drafts.enqueue_link("orgs/mail/registration_ending", registration)
    return bool(claimed)


def _due() -> QuerySet[Registration]:
    return Registration.objects.filter(state=RegistrationState.DRAFT, expires_at__lte=timezone.now())


def _expire(registration: Registration) -> bool:
    """Asks once more under the lock: somebody may have come back since it was found."""
    with transaction.atomic():
        locked = _due().select_for_update().filter(pk=registration.pk).first()
        if locked is None:
            return False
        states.advance(locked, "expire", actor=CLOCK)
        locked.administrators.update(one_time_password_hash="")
    return True
