"""Addresses of the wizard's steps."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from orgs.models import Registration, WizardStep

RETURN, REVIEW = "return", "review"
# Asks the step of Organization Administrators for room for one more.
ANOTHER = "another"


def step_url(registration: Registration, step: WizardStep, *, returning: bool = False, **kwargs: UUID) -> str:
    """The address of a step; ``returning`` makes it lead back to Review."""
    url = reverse(f"orgs:wizard-{step}", kwargs={"pk": registration.pk, **kwargs})
    return f"{url}?{urlencode({RETURN: REVIEW})}" if returning else url
