"""The draft: begun, saved after every step, and found again by a mailed link. ``ends`` has what happens when nobody comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import audit, throttles, tokens
from core.actor import Actor
from core.errors import Conflict, Gone
from core.models import Token
from core.throttles import FailMode, Limit
from orgs import wizard
from orgs.dates import in_words
from orgs.models import (
    LIVE_STATES,
    Application,
    Flag,
    Invitation,
    Registration,
    RegistrationAdministrator,
    RegistrationState,
    WizardStep,
)
from orgs.services import invitations, locks
from orgs.services.registrations import letters

STARTS = Limit("registrations begun from one address", "60/hour", FailMode.OPEN)
STARTS_FOR = Limit("registrations begun for one e-mail address", "20/day", FailMode.OPEN)
LINKS_TO_ADDRESS = Limit("links to a registration sent to one address", "5/hour", FailMode.CLOSED)
LINKS_FROM = Limit("links to a registration asked for from one address", "30/hour", FailMode.CLOSED)
CONTACT_FIELDS = ("contact_first_name", "contact_last_name", "contact_email", "contact_phone")


def start(
    actor: Actor,
    *,
    invitation: Invitation | None = None,
    email: str = "",
    email_confirmed: bool = False,
    language: str = "",
) -> Registration:
    """Begin a draft. An invitation has one live registration: where there is one already, that is returned.

    ``email`` is the contact's address where it is known, and ``email_confirmed`` says that a link mailed there led here.
    Whoever comes by an invitation that no colleague may use has confirmed the invited address with it.

    Raises ``Gone`` for an invitation that has ended and ``TooMany`` when one address begins too many.
    """
    throttles.hit(STARTS, actor.ip or "unknown")
    confirmed = timezone.now() if email_confirmed else None
    with transaction.atomic():
        if invitation is None:
            return _start_uninvited(actor, email, confirmed, language)
        return _start_invited(actor, invitation, email, confirmed, language)


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

    For an invited registrant the contact's address is the invited one, whatever ``contact`` says, unless a colleague may
    register instead. Administrators of an application that is no longer asked for lose it, so the later steps open again
    where something is missing. Raises ``TooMany`` when too many registrations name one address.
    """
    with editing(actor, registration, WizardStep.PROFILE) as draft:
        for name in draft.profile_fields():
            setattr(draft, name, profile[name])
        _set_contact(draft, contact)
        draft.applications.set(applications)
        for person in draft.administrators.all():
            person.administered.set(person.administered.filter(pk__in=[application.pk for application in applications]))
        _enter_contact(draft)
        _tick(draft, WizardStep.PROFILE)
    return draft


def keep_answers(actor: Actor, registration: Registration, *, answers: Mapping[str, Any]) -> Registration:
    """Store those answers of the profile that are right by themselves; the profile is open again until all are."""
    with editing(actor, registration, WizardStep.PROFILE) as draft:
        for name in draft.profile_fields():
            setattr(draft, name, answers.get(name, getattr(draft, name)))
        _set_contact(draft, answers)
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


def confirm_address(actor: Actor, registration: Registration, *, link: Token) -> None:
    """Somebody went on from ``link``, so what was mailed to the contact's address is read there.

    Links mailed to an earlier address ended when it was changed. Confirming again changes nothing.
    """
    if registration.email_confirmed_at or not registration.contact_email:
        return
    with transaction.atomic():
        locked = locks.registration(registration.pk)
        if locked.email_confirmed_at or tokens.ended_because(Token.objects.get(pk=link.pk)):
            return
        registration.email_confirmed_at = locked.email_confirmed_at = timezone.now()
        registration.flags = locked.flags = [flag for flag in locked.flags if flag != Flag.UNCONFIRMED_MAIL]
        locked.save(update_fields=["email_confirmed_at", "flags"])
        audit.record(actor, "orgs.registration.confirm_address", locked)


def doubt_address(actor: Actor, registration: Registration) -> None:
    """Somebody who has not shown that they read there goes on with the draft: its address counts as not confirmed again."""
    with transaction.atomic():
        locked = locks.registration(registration.pk)
        if locked.state != RegistrationState.DRAFT or locked.email_confirmed_at is None:
            return
        registration.email_confirmed_at = locked.email_confirmed_at = None
        locked.save(update_fields=["email_confirmed_at"])
        audit.record(actor, "orgs.registration.doubt_address", locked)


@contextmanager
def editing(actor: Actor, registration: Registration, step: WizardStep) -> Iterator[Registration]:
    """The draft, locked for a change in ``step``; afterwards its completed steps and its time are brought up to date.

    Raises ``Conflict`` when it was submitted or ended meanwhile.
    """
    with transaction.atomic():
        draft = locks.registration(registration.pk)
        if draft.state != RegistrationState.DRAFT:
            raise Conflict("This registration was submitted or has ended, so it can no longer be changed.")
        yield draft
        draft.completed_steps = list(wizard.completed(draft))
        draft.expires_at, draft.reminded_at = timezone.now() + settings.REGISTRATION_DRAFT_LIFETIME, None
        draft.save()
        audit.record(actor, "orgs.registration.save", draft, data={"step": step})


def _tick(draft: Registration, step: WizardStep) -> None:
    if step not in draft.completed_steps:
        draft.completed_steps.append(step)


def _start_uninvited(actor: Actor, email: str, confirmed: datetime | None, language: str) -> Registration:
    draft = _begin(actor, language=language)
    if email:
        # Whoever has shown that they read there is not kept out by what others typed.
        if confirmed is None:
            throttles.hit(STARTS_FOR, email.lower())
        draft.contact_email, draft.email_confirmed_at = email.lower(), confirmed
        draft.save(update_fields=["contact_email", "email_confirmed_at"])
    return draft


def _start_invited(
    actor: Actor, invitation: Invitation, email: str, confirmed: datetime | None, language: str
) -> Registration:
    locked = locks.invitation(invitation.pk)
    refuse_ended(locked)
    draft = Registration.objects.filter(invitation=locked, state__in=LIVE_STATES).first()
    if draft is None:
        draft = _begin(actor, **_prefilled(locked, email, confirmed), language=language or locked.language)
        draft.applications.set(locked.applications.all())
    invitations.mark_started(actor, locked)
    return draft


def _begin(actor: Actor, *, language: str, **prefilled: Any) -> Registration:
    registration = Registration.objects.create(
        expires_at=timezone.now() + settings.REGISTRATION_DRAFT_LIFETIME,
        language=language or settings.LANGUAGE_CODE,
        **prefilled,
    )
    audit.record(actor, "orgs.registration.start", registration)
    return registration


def _prefilled(invitation: Invitation, email: str, confirmed: datetime | None) -> dict[str, Any]:
    contact = email.lower() if email and invitation.colleague_allowed else invitation.email
    invited_in_person = contact == invitation.email
    return {
        "invitation": invitation,
        "legal_name": invitation.company_name,
        "contact_first_name": invitation.first_name if invited_in_person else "",
        "contact_last_name": invitation.last_name if invited_in_person else "",
        "contact_email": contact,
        "email_confirmed_at": confirmed if invitation.colleague_allowed else timezone.now(),
    }


def _set_contact(draft: Registration, answers: Mapping[str, Any]) -> None:
    for name in CONTACT_FIELDS:
        if name in answers and name != "contact_email":
            setattr(draft, name, answers[name])
    bound = draft.invitation is not None and not draft.invitation.colleague_allowed
    _set_contact_address(draft, draft.contact_email if bound else answers.get("contact_email", draft.contact_email))


def _set_contact_address(draft: Registration, email: str) -> None:
    """Another address is not confirmed yet, and the links mailed to the one before lead nowhere any more."""
    if email.lower() == draft.contact_email:
        return
    throttles.hit(STARTS_FOR, email.lower())
    draft.contact_email, draft.email_confirmed_at = email.lower(), None
    tokens.revoke(letters.LINK, draft.pk)


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
        # A change of the address ends the links mailed to the one before, so it comes before this one or after it.
        locked = locks.registration(registration.pk)
        audit.record(actor, "orgs.registration.mail_link", locked)
        enqueue_link("orgs/mail/registration_saved", locked)


def enqueue_link(template: str, registration: Registration) -> None:
    """Queue ``template``, whose link ``resume`` leads the contact back to the draft."""
    letters.to_registrant(
        template,
        registration,
        links={"resume": letters.link(registration)},
        expires=in_words(registration.expires_at),
    )
