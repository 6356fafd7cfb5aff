"""Application Administrator(s): select among the people entered, or create somebody with a One-Time Password."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect

from core.errors import Invalid
from core.forms import show_refusal
from core.http import Request
from orgs.addresses import step_url
from orgs.forms.administrators import NEW, ApplicationAdministratorsForm, NewApplicationAdministratorForm
from orgs.models import Registration, WizardStep
from orgs.services.registrations import administrators
from orgs.views import handover, holding
from orgs.views.wizard.gate import is_returning, show, step_view
from orgs.views.wizard.passwords import GENERATE, onwards_with_passwords

STEP = WizardStep.APPLICATION_ADMINISTRATORS
CREATE = "create"
BEGUN = "You began to enter somebody below. Press Create to keep them, or clear those fields, and then press Next."


@step_view(STEP)
def application_administrators(request: Request, registration: Registration) -> HttpResponse:
    choice, newcomer = _forms(request, registration)
    if request.method == "POST":
        act = _create if newcomer.is_bound else _choose
        done = act(request, registration, choice, newcomer)
        if done is not None:
            return done
    newcomers = [person for person in choice.people.values() if not person.is_contact]
    return show(request, registration, STEP, {"form": choice, "newcomer": newcomer, "newcomers": newcomers})


def _forms(
    request: Request, registration: Registration
) -> tuple[ApplicationAdministratorsForm, NewApplicationAdministratorForm]:
    """Both forms of the page. The one that the pressed button does not ask for shows what was typed, unchecked."""
    typed = request.POST if request.method == "POST" else holding.parked(request, registration, STEP)
    creates = CREATE in request.POST or GENERATE in request.POST
    applications = list(registration.applications.all())
    choice = ApplicationAdministratorsForm(
        typed,
        applications=applications,
        people=list(registration.administrators.prefetch_related("administered")),
        complete=not creates,
    )
    newcomer = NewApplicationAdministratorForm(
        typed if creates else None,
        prefix=NEW,
        registration=registration,
        applications=applications,
        generate=GENERATE in request.POST,
        initial=NewApplicationAdministratorForm.as_typed(typed),
    )
    return choice, newcomer


def _choose(
    request: Request,
    registration: Registration,
    choice: ApplicationAdministratorsForm,
    newcomer: NewApplicationAdministratorForm,
) -> HttpResponse | None:
    if any(str(value).strip() for value in newcomer.initial.values()):
        choice.add_error(None, BEGUN)
    if not choice.is_valid():
        return None
    administrators.choose_application_administrators(request.actor, registration, chosen=choice.chosen())
    return onwards_with_passwords(request, registration, STEP)


def _create(
    request: Request,
    registration: Registration,
    choice: ApplicationAdministratorsForm,
    newcomer: NewApplicationAdministratorForm,
) -> HttpResponse | None:
    if not newcomer.is_valid():
        return None
    typed = None if GENERATE in request.POST else newcomer.cleaned_data["one_time_password"]
    try:
        entered, secret = administrators.enter_application_administrator(
            request.actor,
            registration,
            person=newcomer.person(),
            applications=newcomer.chosen_applications(),
            typed=typed,
            chosen=choice.chosen() if choice.is_valid() else None,
        )
    except Invalid as refusal:
        show_refusal(newcomer, refusal)
        return None
    response = redirect(step_url(registration, STEP, returning=is_returning(request)))
    handover.offer(response, subject=entered.pk, secret=secret)
    return response
