"""The pages behind a mailed link: how a registration stands, the operator's question, and the way back into a draft."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import throttles, tokens
from core.errors import Conflict, Invalid, NotFound, TooMany, Unavailable
from core.forms import show_refusal
from core.http import Request
from core.models import Token
from core.throttles import FailMode, Limit
from orgs import access, policies, timelines
from orgs.forms.profile import OrganizationProfileForm
from orgs.forms.status import AnswerForm, LinkForm, WithdrawalForm
from orgs.models import Registration, RegistrationState
from orgs.services.registrations import answers, links, withdrawal
from orgs.services.registrations.letters import LINK
from orgs.views import arrivals, holding
from orgs.views.wizard.gate import enter

# Only links that were never issued count: whoever guesses is stopped, and whoever comes back often is not.
WRONG_LINKS = Limit("links that were never issued, from one address", "60/hour", FailMode.CLOSED)

View = Callable[[Request, str, Registration], HttpResponse]


def by_link(view: View) -> Callable[[Request, str], HttpResponse]:
    """Opens the registration of a link that lives; for all others the page that offers a new one.

    What was typed when no link opens for now is kept on a page from which it is sent again.
    """

    @wraps(view)
    def opened(request: Request, token: str) -> HttpResponse:
        try:
            link = find_link(request, LINK, token)
            registration = access.registration_of_token(link)
        except NotFound:
            return _link_ended(request, status=404)
        except (TooMany, Unavailable) as refusal:
            if request.method != "POST":
                raise
            return _send_again(request, refusal)
        if tokens.ended_because(link):
            return _link_ended(request, status=410)
        arrivals.note(request, registration, link)
        if request.method == "POST":
            arrivals.confirm(request, registration)
        return view(request, token, registration)

    return opened


def find_link(request: Request, purpose: str, token: str) -> Token:
    """The token of a link, alive or not. Raises ``NotFound``, and ``TooMany`` where somebody tries one after the other."""
    address = request.actor.ip or "unknown"
    throttles.ensure_below(WRONG_LINKS, address)
    try:
        return tokens.peek(purpose, token)
    except NotFound:
        throttles.hit(WRONG_LINKS, address)
        raise


@require_safe
@by_link
def registration_status(request: Request, token: str, registration: Registration) -> HttpResponse:
    """No account is needed. A draft is opened in this browser from now on."""
    if registration.state == RegistrationState.DRAFT or registration.has_lapsed:
        holding.hold(request, registration)
        return enter(registration)
    return _page(request, token, registration, AnswerForm())


@require_POST
@by_link
def confirm(request: Request, token: str, registration: Registration) -> HttpResponse:
    """The address is confirmed by any button behind the link; this one does nothing else."""
    if registration.email_confirmed_at:
        messages.success(request, "Thank you. The address is confirmed.")
    return redirect("orgs:registration-status", token=token)


@require_POST
@by_link
def answer(request: Request, token: str, registration: Registration) -> HttpResponse:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, token, registration, form)
    try:
        answers.answer(request.actor, registration, text=form.cleaned_data["answer"])
    except Invalid as refusal:
        show_refusal(form, refusal)
        return _page(request, token, registration, form)
    except Conflict as refusal:
        messages.info(request, refusal.sentence)
    else:
        messages.success(request, "Your answer is on its way. The review goes on, and you hear of it by e-mail.")
    return redirect("orgs:registration-status", token=token)


@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def details(request: Request, token: str, registration: Registration) -> HttpResponse:
    """Correct what was submitted, while the operator waits for an answer."""
    if answers.open_question(registration) is None:
        messages.info(request, answers.NOT_ASKED)
        return redirect("orgs:registration-status", token=token)
    form = OrganizationProfileForm(request.POST or None, stored=registration)
    if request.method == "POST" and form.is_valid():
        try:
            answers.correct(request.actor, registration, profile=form.profile())
        except Conflict as refusal:
            messages.info(request, refusal.sentence)
        else:
            messages.success(request, "The details are corrected. Answer the question now, and the review goes on.")
        return redirect("orgs:registration-status", token=token)
    context = {"registration": registration, "token": token, "form": form}
    return render(request, "orgs/registration_details.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def withdraw(request: Request, token: str, registration: Registration) -> HttpResponse:
    """Ask once more, then take it back."""
    if registration.state not in policies.UNDER_REVIEW:
        messages.info(request, "There is nothing to withdraw any more. Here is how it stands.")
        return redirect("orgs:registration-status", token=token)
    form = WithdrawalForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            withdrawal.withdraw(request.actor, registration, reason=form.cleaned_data["reason"])
        except Conflict as refusal:
            messages.info(request, refusal.sentence)
        else:
            messages.success(request, "The registration is withdrawn. We have mailed you so.")
        return redirect("orgs:registration-status", token=token)
    context = {"registration": registration, "token": token, "form": form}
    return render(request, "orgs/registration_withdraw.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def new_link(request: Request) -> HttpResponse:
    """Mail somebody the links to their registrations. The answer is the same whether there are any."""
    form = LinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        links.mail_to(request.actor, form.cleaned_data["email"])
        return render(request, "orgs/registration_link_sent.html", {"email": form.cleaned_data["email"]})
    return render(request, "orgs/registration_link.html", {"form": form}, status=422 if form.errors else 200)


def _page(request: Request, token: str, registration: Registration, form: AnswerForm) -> HttpResponse:
    question = answers.open_question(registration)
    context = {
        "registration": registration,
        "token": token,
        "question": question,
        "form": form,
        "entries": timelines.of_registration(registration),
        "is_waiting": registration.state in policies.UNDER_REVIEW,
    }
    return render(request, "orgs/registration_status.html", context, status=422 if form.errors and question else 200)


def _link_ended(request: Request, *, status: int) -> HttpResponse:
    return render(request, "orgs/registration_link.html", {"form": LinkForm(), "ended": True}, status=status)


def _send_again(request: Request, refusal: TooMany | Unavailable) -> HttpResponse:
    """None of these forms has a secret in it."""
    posted = [(name, value) for name, values in request.POST.lists() for value in values]
    typed = [(name, value) for name, value in posted if name != "csrfmiddlewaretoken"]
    response = render(request, "orgs/send_again.html", {"refusal": refusal, "typed": typed}, status=refusal.status)
    for name, value in refusal.headers.items():
        response[name] = value
    return response
