"""A new link for whoever lost theirs, or kept it for too long."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Lower

from core import audit
from core.actor import Actor
from orgs.models import Registration
from orgs.services.registrations import drafts, letters

MOST_LINKS = 3


def mail_to(actor: Actor, email: str) -> None:
    """Mail the links of the newest registrations and drafts of this address, if there are any.

    The caller cannot tell whether. Raises ``TooMany`` for too many asked for one address, or from one.
    """
    address = email.strip().lower()
    drafts.mail_links_to(actor, address)
    submitted = Registration.objects.alias(address=Lower("contact_email")).filter(
        address=address, submitted_at__isnull=False
    )
    with transaction.atomic():
        for registration in submitted.order_by("-submitted_at", "-id")[:MOST_LINKS]:
            audit.record(actor, "orgs.registration.mail_link", registration)
            letters.to_registrant("orgs/mail/registration_link", registration)
