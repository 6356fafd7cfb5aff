"""Submit: the draft becomes a registration that waits for the operator."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import outbox, states, tokens
from core.actor import Actor
from core.errors import Conflict, Invalid
from orgs import business_days, completeness, flags, queries, wizard
from orgs.dates import in_words
from orgs.models import Invitation, Registration, RegistrationState, WizardStep
from orgs.services import matching
from orgs.services.registrations import owners
from orgs.services.registrations.drafts import LINK, refuse_ended

STATUS_LINK_LIFETIME = timedelta(days=180)


def submit(actor: Actor, registration: Registration) -> Registration:
    """Hand the registration to the operator and tell both sides by mail, with what the operator should look at twice.

    Raises ``Conflict`` when it was submitted already, ``Invalid`` when a step is missing, and ``Gone`` when the invitation
    behind it has ended.
    """
    with transaction.atomic():
        draft = Registration.objects.select_for_update(of=("self",), no_key=True).get(pk=registration.pk)
        if draft.state != RegistrationState.DRAFT:
            raise Conflict("This registration was submitted already.")
        if draft.invitation_id:
            refuse_ended(Invitation.objects.select_for_update(of=("self",), no_key=True).get(pk=draft.invitation_id))
        missing = wizard.first_open(draft)
        if missing != WizardStep.REVIEW:
            raise Invalid(f"Complete “{missing.label}” before you submit.")
        now = timezone.now()
        due = business_days.due(now, settings.REVIEW_BUSINESS_DAYS)
        states.advance(
            draft,
            "submit",
            actor=actor,
            submitted_at=now,
            due_at=due,
            completed_steps=[*wizard.STEPS],
            flags=flags.of(draft),
            completeness=completeness.per_cent(draft),
        )
        owners.tell(draft)
        _tell_registrant(draft)
        _tell_staff(draft)
        # The last, because submissions take turns in it.
        matching.refresh(draft)
    return draft


def status_link(registration: Registration) -> outbox.Link:
    """A link to the status page, for a mail to the registrant."""
    token = tokens.issue(LINK, registration.id, lifetime=STATUS_LINK_LIFETIME)
    return outbox.Link("orgs:registration-status", token=token)


def _tell_registrant(registration: Registration) -> None:
    outbox.enqueue(
        "orgs/mail/registration_received",
        to=registration.contact_email,
        context={**_facts(registration), "first_name": registration.contact_first_name},
        links={"status": status_link(registration)},
        language=registration.language,
        about=registration.id,
    )


def _tell_staff(registration: Registration) -> None:
    detail = outbox.Link("admin:orgs_registration_change", kwargs={"object_id": str(registration.pk)})
    for user in queries.operator_staff():
        outbox.enqueue(
            "orgs/mail/registration_waiting",
            to=user.email,
            context={
                **_facts(registration),
                "first_name": user.first_name,
                "contact": registration.contact_name,
                "contact_email": registration.contact_email,
                "country": registration.country.name,
            },
            links={"detail": detail},
            language=user.language,
            about=registration.id,
        )


def _facts(registration: Registration) -> dict[str, str]:
    due = in_words(registration.due_at) if registration.due_at else ""
    return {"company": registration.legal_name, "due": due}
