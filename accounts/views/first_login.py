"""First-Time Login. Between its two pages nobody is signed in: the session holds a marker that opens the second one alone."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import FirstTimeLoginForm, OwnPasswordForm
from accounts.models import User
from accounts.services import first_login
from accounts.services.first_login import FirstLogin
from accounts.views import answers
from core.errors import Conflict, Gone, Invalid
from core.forms import show_refusal
from core.http import Request

MARKER = "first_login"


@sensitive_post_parameters("one_time_password")
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: Request) -> HttpResponse:
    """User ID and One-Time Password."""
    if request.user.is_authenticated:
        return answers.home()
    form = FirstTimeLoginForm(request.POST or None)
    begun = _begun(request, form)
    if begun is None:
        return answers.page(request, "accounts/first_login.html", form=form, steps=_steps(current=0))
    request.session.cycle_key()
    request.session[MARKER] = begun.as_row()
    return redirect("accounts:choose-password")


@sensitive_post_parameters("password", "repeated")
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: Request) -> HttpResponse:
    """The own password; whoever sets it is signed in."""
    if request.user.is_authenticated:
        return answers.home()
    marker = request.session.get(MARKER)
    if marker is None:
        return _start_again(request, _("First enter your User ID and your One-Time Password."))
    try:
        return _choose(request, FirstLogin.from_row(marker))
    except (Gone, Conflict) as ended:
        return _start_again(request, ended.sentence)


def _begun(request: Request, form: FirstTimeLoginForm) -> FirstLogin | None:
    if not form.is_valid():
        return None
    try:
        return first_login.begin(
            request.actor,
            user_id=form.cleaned_data["user_id"],
            secret=form.cleaned_data["one_time_password"],
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return None


def _choose(request: Request, begun: FirstLogin) -> HttpResponse:
    person = first_login.person_of(begun)
    form = OwnPasswordForm(request.POST or None)
    user = _completed(request, begun, form)
    if user is None:
        context = {"person": person, "steps": _steps(current=1)}
        return answers.page(request, "accounts/choose_password.html", form=form, **context)
    del request.session[MARKER]
    login(request, user)
    messages.success(
        request,
        _(
            "Welcome, %(name)s. Your account is active: from now on sign in with your User ID %(user_id)s and this password."
        )
        % {"name": user.first_name, "user_id": user.user_id},
    )
    return answers.home()


def _completed(request: Request, begun: FirstLogin, form: OwnPasswordForm) -> User | None:
    if not form.is_valid():
        return None
    try:
        return first_login.choose_password(request.actor, begun=begun, password=form.cleaned_data["password"])
    except Invalid as refusal:
        show_refusal(form, refusal)
        return None


def _start_again(request: Request, why: str) -> HttpResponse:
    request.session.pop(MARKER, None)
    messages.warning(request, why)
    return redirect("accounts:first-time-login")


def _steps(*, current: int) -> list[dict[str, str]]:
    labels = (_("One-Time Password"), _("Your own password"), _("Home"))
    states = ("done",) * current + ("current",) + ("todo",) * (len(labels) - current - 1)
    return [{"label": label, "url": "", "state": state} for label, state in zip(labels, states, strict=True)]
