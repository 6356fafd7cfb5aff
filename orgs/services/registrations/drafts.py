"""The draft: begun, saved after every step, found again by a mailed link, and ended when nobody comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import audit, outbox, states, throttles, tokens
from core.actor import Actor
from core.errors import Conflict, Gone
from core.throttles import FailMode, Limit
from orgs import wizard
from orgs.dates import in_words
from orgs.models import (
    LIVE_STATES,
    Application,
    Invitation,
    Registration,
    RegistrationAdministrator,
    RegistrationState,
    WizardStep,
)
from orgs.services import invitations

LINK = "registration"
STARTS = Limit("registrations begun from one address", "60/hour", FailMode.OPEN)
LINKS_TO_ADDRESS = Limit("links to a registration sent to one address", "5/hour", FailMode.CLOSED)
LINKS_FROM = Limit("links to a registration asked for from one address", "30/hour", FailMode.CLOSED)
CLOCK = Actor.system("expiry of drafts")
CONTACT_FIELDS = ("contact_first_name", "contact_last_name", "contact_email", "contact_phone")


def start(actor: Actor, *, invitation: Invitation | None = None) -> Registration:
    """Begin a draft. An invitation has one live registration: where there is one already, that is returned.

    Raises ``Gone`` for an invitation that has ended and ``TooMany`` when one address begins too many.
    """
    throttles.hit(STARTS, actor.ip or "unknown")
    with transaction.atomic():
        if invitation is None:
            return _begin(actor)
        locked = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
        refuse_ended(locked)
        existing = Registration.objects.filter(invitation=locked, state__in=LIVE_STATES).first()
        registration = existing or _begin(actor, **_prefilled(locked))
        if existing is None:
            registration.applications.set(locked.applications.all())
        invitations.mark_started(actor, locked)
        return registration


def refuse_ended(invitation: Invitation | None) -> None:
    """Raise ``Gone`` when the invitation behind a registration no longer stands."""
    if invitation is not None and not invitation.is_open:
        raise Gone(
            "The invitation behind this registration has ended. What you entered is kept: ask for a new invitation, and "
            "its link will lead you back here.",
            code=invitation.state,
        )


def welcome_done(actor: Actor, registration: Registration) -> Registration:
    """The registrant has read what comes, and goes on."""
    with editing(actor, registration, WizardStep.WELCOME) as draft:
        _tick(draft, WizardStep.WELCOME)
    return draft


def save_profile(
    actor: Actor,
    registration: Registration,
    *,
    profile: Mapping[str, Any],
    contact: Mapping[str, str],
    applications: Sequence[Application],
) -> Registration:
    """Store the Organization Profile: ``profile`` by field name, ``contact`` by the names of ``CONTACT_FIELDS``.

    For an invited registrant the contact's address is the invited one, whatever ``contact`` says. Administrators of an
    application that is no longer asked for lose it, so the later steps open again where something is missing.
    """
    with editing(actor, registration, WizardStep.PROFILE) as draft:
        for name in draft.profile_fields():
            setattr(draft, name, profile[name])
        for name in CONTACT_FIELDS:
            setattr(draft, name, contact[name])
        draft.contact_email = (draft.invitation.email if draft.invitation else draft.contact_email).lower()
        draft.applications.set(applications)
        for person in draft.administrators.all():
            person.administered.set(person.administered.filter(pk__in=[application.pk for application in applications]))
        _enter_contact(draft)
        _tick(draft, WizardStep.PROFILE)
    return draft


def keep_answers(actor: Actor, registration: Registration, *, answers: Mapping[str, Any]) -> Registration:
    """Store those answers of the profile that are right by themselves; the profile is open again until all are."""
    with editing(actor, registration, WizardStep.PROFILE) as draft:
        for name in (*draft.profile_fields(), *CONTACT_FIELDS):
            setattr(draft, name, answers.get(name, getattr(draft, name)))
        if "applications" in answers:
            draft.applications.set(answers["applications"])
        draft.completed_steps = [step for step in draft.completed_steps if step != WizardStep.PROFILE]
    return draft


def mail_link(actor: Actor, registration: Registration) -> None:
    """Mail the contact a link back to the draft. Raises ``TooMany``, and ``Conflict`` before there is an address."""
    if not registration.contact_email:
        raise Conflict(
            "Fill in the Organization Profile first: the link is sent to the address of the primary contact."
        )
    throttles.hit(LINKS_TO_ADDRESS, registration.contact_email.lower())
    _mail_link(actor, registration)


def mail_links_to(actor: Actor, email: str) -> None:
    """Mail the links of all drafts begun with this address, if there are any; the caller cannot tell whether."""
    throttles.hit(LINKS_FROM, actor.ip or "unknown")
    throttles.hit(LINKS_TO_ADDRESS, email.strip().lower())
    drafts = Registration.objects.filter(contact_email__iexact=email.strip(), state=RegistrationState.DRAFT)
    for registration in drafts.order_by("-created_at")[:3]:
        _mail_link(actor, registration)


def expire_due(*, limit: int = 500) -> int:
    """End the drafts nobody came back to; what they held of One-Time Passwords goes with them."""
    return sum(_expire(registration) for registration in _due().order_by("expires_at")[:limit])


@contextmanager
def editing(actor: Actor, registration: Registration, step: WizardStep) -> Iterator[Registration]:
    """The draft, locked for a change in ``step``; afterwards its completed steps and its time are brought up to date.

    Raises ``Conflict`` when it was submitted or ended meanwhile.
    """
    with transaction.atomic():
        draft = (
            Registration.objects.select_for_update(of=("self",)).select_related("invitation").get(pk=registration.pk)
        )
        if draft.state != RegistrationState.DRAFT:
            raise Conflict("This registration was submitted or has ended, so it can no longer be changed.")
        yield draft
        draft.completed_steps = list(wizard.completed(draft))
        draft.expires_at = timezone.now() + settings.REGISTRATION_DRAFT_LIFETIME
        draft.save()
        audit.record(actor, "orgs.registration.save", draft, data={"step": step})


def _tick(draft: Registration, step: WizardStep) -> None:
    if step not in draft.completed_steps:
        draft.completed_steps.append(step)


def _begin(actor: Actor, **prefilled: Any) -> Registration:
    registration = Registration.objects.create(
        expires_at=timezone.now() + settings.REGISTRATION_DRAFT_LIFETIME, **prefilled
    )
    audit.record(actor, "orgs.registration.start", registration)
    return registration


def _prefilled(invitation: Invitation) -> dict[str, Any]:
    return {
        "invitation": invitation,
        "legal_name": invitation.company_name,
        "contact_first_name": invitation.first_name,
        "contact_last_name": invitation.last_name,
        "contact_email": invitation.email,
    }


def _enter_contact(draft: Registration) -> None:
    """Keep the registrant among the people of the draft, so that "oneself" can be selected like anybody."""
    own = draft.administrators.filter(is_contact=True).first()
    twin = draft.administrators.filter(email__iexact=draft.contact_email, is_contact=False).first()
    person = twin or own or RegistrationAdministrator(registration=draft)
    if twin and own:
        twin.is_organization_administrator |= own.is_organization_administrator
        twin.one_time_password_hash = twin.one_time_password_hash or own.one_time_password_hash
        twin.administered.add(*own.administered.all())
        own.delete()
    person.is_contact = True
    person.first_name, person.last_name = draft.contact_first_name, draft.contact_last_name
    person.email, person.phone = draft.contact_email, draft.contact_phone
    person.save()


def _mail_link(actor: Actor, registration: Registration) -> None:
    with transaction.atomic():
        token = tokens.issue(LINK, registration.id, lifetime=settings.REGISTRATION_DRAFT_LIFETIME)
        audit.record(actor, "orgs.registration.mail_link", registration)
        outbox.enqueue(
            "orgs/mail/registration_saved",
            to=registration.contact_email,
            context={
                "first_name": registration.contact_first_name,
                "company": registration.legal_name,
                "expires": in_words(registration.expires_at),
            },
            links={"resume": outbox.Link("orgs:registration-status", token=token)},
        )


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
