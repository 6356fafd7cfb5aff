"""Submit: the draft becomes a registration that waits for the operator."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import states
from core.actor import Actor
from core.errors import Conflict, Invalid
from orgs import business_days, completeness, flags, queries, wizard
from orgs.models import Registration, RegistrationState, WizardStep
from orgs.services import locks, matching
from orgs.services.registrations import letters, owners
from orgs.services.registrations.drafts import refuse_ended


def submit(actor: Actor, registration: Registration) -> Registration:
    """Hand the registration to the operator and tell both sides by mail, with what the operator should look at twice.

    Raises ``Conflict`` when it was submitted already, ``Invalid`` when a step is missing, and ``Gone`` when the invitation
    behind it has ended.
    """
    with transaction.atomic():
        draft = locks.registration(registration.pk)
        if draft.state != RegistrationState.DRAFT:
            raise Conflict("This registration was submitted already.")
        if draft.invitation_id:
            refuse_ended(locks.invitation(draft.invitation_id))
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
        letters.to_registrant("orgs/mail/registration_received", draft)
        _tell_staff(draft)
        # The last, because submissions take turns in it.
        matching.refresh(draft)
    return draft


def _tell_staff(registration: Registration) -> None:
    letters.to_staff(
        "orgs/mail/registration_waiting",
        registration,
        staff=queries.operator_staff(),
        contact_email=registration.contact_email,
        country=registration.country.name,
    )
