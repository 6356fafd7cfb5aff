"""The door of every step: who may open it, what it shows around its form, and where one goes from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core.errors import Conflict, DomainError, NotFound, TooMany, Unavailable
from core.http import Request
from orgs import access, wizard
from orgs.addresses import RETURN, REVIEW, step_url
from orgs.models import Registration, RegistrationState, WizardStep
from orgs.views import arrivals, handover, holding

P = ParamSpec("P")
StepView = Callable[Concatenate[Request, Registration, P], HttpResponse]


def step_view(step: WizardStep) -> Callable[[StepView[P]], Callable[Concatenate[Request, UUID, P], HttpResponse]]:
    """Opens ``step`` of a draft that this session holds, once all steps before it are completed; else leads elsewhere.

    What another tab has changed meanwhile is said where the draft goes on. What was typed when a limit was reached, or a part
    did not answer, is kept and back in place when the step is opened again.
    """

    def decorate(view: StepView[P]) -> Callable[Concatenate[Request, UUID, P], HttpResponse]:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def opened(request: Request, /, pk: UUID, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                registration = access.held_registration(holding.held(request), pk)
            except NotFound:
                holding.park(request, pk, step)
                return not_here(request)
            if request.method == "POST":
                arrivals.confirm(request, registration)
            elsewhere = _elsewhere(request, registration, step)
            if elsewhere:
                return elsewhere
            try:
                return view(request, registration, *args, **kwargs)
            except Conflict as refusal:
                messages.warning(request, refusal.sentence)
                return enter(Registration.objects.get(pk=pk))
            except (TooMany, Unavailable) as refusal:
                holding.park(request, pk, step)
                return _wait(request, refusal)

        return opened  # type: ignore[return-value] # the decorator of Django is untyped about ParamSpec

    return decorate


def not_here(request: Request) -> HttpResponse:
    """The same page whether the registration does not exist, or is not open in this browser."""
    return render(request, "orgs/wizard/not_here.html", {"typed": request.method == "POST"}, status=404)


def show(
    request: Request, registration: Registration, step: WizardStep, context: dict[str, Any], *, template: str = ""
) -> HttpResponse:
    """The page of ``step``, with the step indicator and, once, a One-Time Password that was just made.

    A posted form that is shown again was wrong: 422. ``template`` is given for a page that belongs to the step but is not
    its main one.
    """
    secret = handover.take(request) if request.method == "GET" else None
    person = registration.administrators.filter(pk=secret.subject).first() if secret else None
    page = {
        "registration": registration,
        "steps": indicator(registration, current=step),
        "secret": secret.value if secret and person else "",
        "secret_of": person,
        "sheet": handover.Sheet(person.full_name, registration.legal_name) if person else None,
        "returning": is_returning(request),
        **context,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    response = render(request, f"orgs/wizard/{template or step}.html", page, status=status)
    if secret:
        handover.forget(response)
    return response


def indicator(registration: Registration | None, *, current: WizardStep | str) -> list[dict[str, str]]:
    """All steps from captcha to Submitted for the step indicator; those that are open have an address."""
    if registration and registration.state != RegistrationState.DRAFT:
        return _all_done()
    done = wizard.completed(registration) if registration else []
    steps = [{"label": "Captcha", "url": "", "state": "done" if registration else "current"}]
    for step in wizard.STEPS:
        state = "current" if step == current else "done" if step in done else "todo"
        reachable = registration is not None and step in {*done, *wizard.STEPS[len(done) : len(done) + 1]}
        url = step_url(registration, step) if registration and reachable else ""
        steps.append({"label": step.label, "url": url, "state": state})
    return [*steps, {"label": "Submitted", "url": "", "state": "todo"}]


def _all_done() -> list[dict[str, str]]:
    labels = ("Captcha", *(step.label for step in wizard.STEPS))
    done = [{"label": label, "url": "", "state": "done"} for label in labels]
    return [*done, {"label": "Submitted", "url": "", "state": "current"}]


def onward(request: Request, registration: Registration, step: WizardStep) -> HttpResponse:
    """To the step after ``step``, or back to Review where one came from there; never past a step that is not completed."""
    current = Registration.objects.get(pk=registration.pk)
    first_open = wizard.first_open(current)
    if is_returning(request):
        return redirect(step_url(current, first_open, returning=first_open != WizardStep.REVIEW))
    following = wizard.following(step)
    return redirect(step_url(current, following if wizard.is_open(current, following) else first_open))


def is_returning(request: Request) -> bool:
    """Whether one came here by an Edit link of Review."""
    return request.GET.get(RETURN) == REVIEW


def enter(registration: Registration) -> HttpResponse:
    """To where this registration goes on: its first open step, or the page that says how it stands."""
    if registration.state == RegistrationState.DRAFT:
        return redirect(step_url(registration, wizard.first_open(registration)))
    return redirect("orgs:wizard-submitted", pk=registration.pk)


def expired(request: Request, registration: Registration) -> HttpResponse:
    """A draft that nobody came back to in time, and the way to begin again with what it held."""
    return render(request, "orgs/wizard/expired.html", {"registration": registration}, status=410)


def _wait(request: Request, refusal: DomainError) -> HttpResponse:
    response = render(request, "orgs/wizard/wait.html", {"refusal": refusal}, status=refusal.status)
    for name, value in refusal.headers.items():
        response[name] = value
    return response


def _elsewhere(request: Request, registration: Registration, step: WizardStep) -> HttpResponse | None:
    if registration.has_lapsed:
        return expired(request, registration)
    if registration.state != RegistrationState.DRAFT:
        messages.info(request, "This registration was submitted. Here is how it stands.")
        return redirect("orgs:wizard-submitted", pk=registration.pk)
    if registration.invitation and not registration.invitation.is_open:
        context = {"invitation": registration.invitation, "registration": registration}
        return render(request, "orgs/wizard/invitation_ended.html", context, status=410)
    if not wizard.is_open(registration, step):
        missing = wizard.first_open(registration)
        messages.warning(request, f"Please complete “{missing.label}” first. What you entered before is kept.")
        return redirect(step_url(registration, missing))
    return None
