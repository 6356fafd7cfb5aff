"""The page behind a mailed link: how a registration stands, or the way back into its draft."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import tokens
from core.http import Request
from orgs import access, timelines
from orgs.models import RegistrationState
from orgs.services.registrations.drafts import LINK
from orgs.views import holding
from orgs.views.wizard.gate import enter


@require_safe
def registration_status(request: Request, token: str) -> HttpResponse:
    """No account is needed. A draft is opened in this browser from now on."""
    link = tokens.peek(LINK, token)
    registration = access.registration_of_token(link)
    if tokens.ended_because(link):
        return render(request, "orgs/registration_link_ended.html", status=410)
    if registration.state == RegistrationState.DRAFT:
        holding.hold(request, registration)
        return enter(registration)
    context = {"registration": registration, "entries": timelines.of_registration(registration)}
    return render(request, "orgs/registration_status.html", context)
