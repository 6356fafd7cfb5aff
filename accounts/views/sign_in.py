"""Sign in and out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import SignInForm
from accounts.models import User
from accounts.services import sign_in as service
from accounts.views import answers
from core.errors import Invalid
from core.forms import show_refusal
from core.http import Request


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: Request) -> HttpResponse:
    """User ID or e-mail and password, then back to where the person wanted to go."""
    if request.user.is_authenticated:
        return answers.home()
    form = SignInForm(request.POST or None, initial={"next": request.GET.get("next", "")})
    user = _signed_in(request, form)
    if user is None:
        return answers.page(request, "accounts/sign_in.html", form=form)
    login(request, user)
    return redirect(answers.on_this_host(request, form.cleaned_data["next"]))


@require_POST
def sign_out(request: Request) -> HttpResponse:
    """End the session and what the browser kept of it."""
    service.sign_out(request.actor)
    logout(request)
    messages.success(request, _("You are signed out."))
    response = redirect("accounts:sign-in")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _signed_in(request: Request, form: SignInForm) -> User | None:
    if not form.is_valid():
        return None
    try:
        return service.sign_in(
            request.actor,
            identifier=form.cleaned_data["identifier"],
            password=form.cleaned_data["password"],
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return None
