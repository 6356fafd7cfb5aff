"""One Time Password: typed for somebody, or generated."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect

from core.errors import Invalid
from core.forms import show_refusal
from core.http import Request
from orgs import access, wizard
from orgs.addresses import step_url
from orgs.forms.administrators import OneTimePasswordForm
from orgs.models import Registration, RegistrationAdministrator, WizardStep
from orgs.services.registrations import administrators
from orgs.views import handover
from orgs.views.wizard.gate import is_returning, onward, show, step_view

STEP = WizardStep.ONE_TIME_PASSWORD
GENERATE = "generate"


@step_view(STEP)
def one_time_password(request: Request, registration: Registration, person: UUID | None = None) -> HttpResponse:
    """For the Organization Administrator who has none yet, or for ``person``: everybody with a role in turn."""
    administrator = _for_whom(registration, person)
    form = OneTimePasswordForm(request.POST if request.method == "POST" and GENERATE not in request.POST else None)
    if request.method == "POST" and (not form.is_bound or form.is_valid()):
        secret = _create(request, registration, administrator, form)
        if secret:
            response = onwards_with_passwords(request, registration, STEP if person is None else following_step())
            handover.offer(response, subject=administrator.pk, secret=secret)
            return response
    context = {
        "form": form,
        "administrator": administrator,
        # A form that is sent twice is meant for one person.
        "action": step_url(registration, STEP, returning=is_returning(request), person=administrator.pk),
        "people": wizard.people_with_roles(registration),
        "next_url": _next_url(request, registration),
    }
    return show(request, registration, STEP, context)


def onwards_with_passwords(request: Request, registration: Registration, step: WizardStep) -> HttpResponse:
    """On from ``step``, by way of whoever was named and has no One-Time Password yet."""
    waiting = wizard.without_one_time_password(registration)
    if waiting:
        url = step_url(registration, STEP, returning=is_returning(request), person=waiting.pk)
        return redirect(url)
    return onward(request, registration, step)


def following_step() -> WizardStep:
    return wizard.following(STEP)


def _create(
    request: Request, registration: Registration, administrator: RegistrationAdministrator, form: OneTimePasswordForm
) -> str:
    """The secret, or nothing when it was refused; the reason is beside the field then."""
    typed = form.cleaned_data["one_time_password"] if form.is_bound else None
    try:
        return administrators.set_one_time_password(
            request.actor, registration, administrator=administrator, typed=typed
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return ""


def _for_whom(registration: Registration, person: UUID | None) -> RegistrationAdministrator:
    if person:
        return access.administrator_of(registration, person)
    waiting = wizard.without_one_time_password(registration)
    if waiting and waiting.is_organization_administrator:
        return waiting
    return registration.administrators.filter(is_organization_administrator=True).earliest("created_at")


def _next_url(request: Request, registration: Registration) -> str:
    """Where Next leads once the password is there; empty before."""
    if wizard.is_open(registration, following_step()):
        return onward(request, registration, STEP).headers["Location"]
    return ""
