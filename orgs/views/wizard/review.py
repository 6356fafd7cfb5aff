"""Review registration details, Submit, and the page that follows."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from core.errors import Conflict, Gone, Invalid, NotFound
from core.http import Request
from orgs import access, advice, summaries, timelines
from orgs.models import Registration, RegistrationState, WizardStep
from orgs.services.registrations import submission
from orgs.views import holding
from orgs.views.wizard.gate import enter, expired, indicator, not_here, show, step_view

STEP = WizardStep.REVIEW


@step_view(STEP)
def review(request: Request, registration: Registration) -> HttpResponse:
    if request.method == "POST":
        try:
            submission.submit(request.actor, registration)
        except (Conflict, Gone, Invalid) as refusal:
            messages.warning(request, refusal.sentence)
            return enter(Registration.objects.get(pk=registration.pk))
        return redirect("orgs:wizard-submitted", pk=registration.pk)
    context = {
        "sections": summaries.of_registration(registration, editable=True),
        "advice": advice.of(registration),
    }
    return show(request, registration, STEP, context)


@require_safe
def submitted(request: Request, pk: UUID) -> HttpResponse:
    """Received: how long it takes, who is next, and how the registrant hears of it."""
    try:
        registration = access.held_registration(holding.held(request), pk)
    except NotFound:
        return not_here(request)
    if registration.state == RegistrationState.DRAFT:
        return enter(registration)
    if registration.has_lapsed:
        return expired(request, registration)
    context = {
        "registration": registration,
        "steps": indicator(registration, current=""),
        "entries": timelines.of_registration(registration),
    }
    return render(request, "orgs/wizard/submitted.html", context)
