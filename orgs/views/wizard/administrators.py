"""The Organization Administrators: select or create one or several, and correct who was entered."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from core.errors import Invalid
from core.forms import show_refusal
from core.http import Request
from orgs import access, wizard
from orgs.addresses import ANOTHER, step_url
from orgs.forms.administrators import NEW, OrganizationAdministratorsForm, PersonForm, RegistrationPersonForm
from orgs.models import Registration, RegistrationAdministrator, WizardStep
from orgs.services.registrations import administrators
from orgs.views import holding
from orgs.views.wizard.gate import is_returning, onward, show, step_view

STEP = WizardStep.ADMINISTRATOR
BEGUN = "You began to enter somebody below. Tick “Create somebody else” to keep them, or clear those fields."


@step_view(STEP)
def organization_administrator(request: Request, registration: Registration) -> HttpResponse:
    form, newcomer = _forms(request, registration)
    if request.method == "POST" and _name(request, registration, form, newcomer):
        if ANOTHER in request.POST:
            return _again(request, registration)
        return onward(request, registration, STEP)
    newcomers = [person for person in form.people.values() if not person.is_contact]
    return show(request, registration, STEP, {"form": form, "newcomer": newcomer, "newcomers": newcomers})


@step_view(STEP)
def person(request: Request, registration: Registration, person: UUID) -> HttpResponse:
    """Correct or remove somebody entered earlier."""
    administrator = access.administrator_of(registration, person)
    stored = {name: getattr(administrator, name) for name in PersonForm.base_fields}
    form = RegistrationPersonForm(request.POST or None, registration=registration, initial=stored)
    if request.method == "POST" and "remove" in request.POST:
        administrators.remove(request.actor, registration, administrator=administrator)
        messages.success(request, f"{administrator.full_name} is no longer part of this registration.")
        return _back(request, registration)
    if request.method == "POST" and form.is_valid() and _correct(request, registration, administrator, form):
        return _back(request, registration)
    context = {"form": form, "administrator": administrator, "back_url": _back_url(request, registration)}
    return show(request, registration, STEP, context, template="person")


def _forms(
    request: Request, registration: Registration
) -> tuple[OrganizationAdministratorsForm, RegistrationPersonForm]:
    """Both forms of the page. Nobody is created where nothing was typed and somebody else is selected."""
    typed = request.POST if request.method == "POST" else holding.parked(request, registration, STEP)
    people = list(registration.administrators.all())
    form = OrganizationAdministratorsForm(typed, people=people, another=ANOTHER in request.GET)
    selected = typed.getlist("selected") if typed else []
    begun = typed is not None and RegistrationPersonForm.is_begun(typed)
    creates = NEW in selected and (begun or selected == [NEW])
    newcomer = RegistrationPersonForm(
        typed if creates or (begun and ANOTHER in request.POST) else None,
        prefix=NEW,
        registration=registration,
        initial=RegistrationPersonForm.as_typed(typed),
    )
    if begun and not newcomer.is_bound:
        form.add_error(None, BEGUN)
    return form, newcomer


def _name(
    request: Request,
    registration: Registration,
    form: OrganizationAdministratorsForm,
    newcomer: RegistrationPersonForm,
) -> bool:
    """Select and create; whether that went well. What did not is said beside its field."""
    if not form.is_valid() or (newcomer.is_bound and not newcomer.is_valid()):
        return False
    chosen = form.chosen()
    try:
        if newcomer.is_bound:
            administrators.enter_organization_administrator(
                request.actor, registration, person=newcomer.person(), beside=chosen
            )
        else:
            administrators.choose_organization_administrators(request.actor, registration, chosen=chosen)
    except Invalid as refusal:
        show_refusal(newcomer if newcomer.is_bound else form, refusal)
        return False
    return True


def _again(request: Request, registration: Registration) -> HttpResponse:
    """The same page, with room for another Organization Administrator."""
    url = step_url(registration, STEP, returning=is_returning(request))
    return redirect(f"{url}{'&' if '?' in url else '?'}{ANOTHER}=1")


def _correct(
    request: Request,
    registration: Registration,
    administrator: RegistrationAdministrator,
    form: RegistrationPersonForm,
) -> bool:
    try:
        administrators.correct(request.actor, registration, administrator=administrator, person=form.person())
    except Invalid as refusal:
        show_refusal(form, refusal)
    return not form.errors


def _back(request: Request, registration: Registration) -> HttpResponse:
    return redirect(_back_url(request, registration))


def _back_url(request: Request, registration: Registration) -> str:
    """Of the step whose Edit link one followed, or as near to it as is open."""
    current = Registration.objects.get(pk=registration.pk)
    came_from = request.GET.get("step", "")
    step = WizardStep(came_from) if came_from in WizardStep.values else STEP
    if not wizard.is_open(current, step):
        step = wizard.first_open(current)
    return step_url(current, step, returning=is_returning(request))
