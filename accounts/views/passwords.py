"""Forgot Password and the page its link opens; Forgot User ID. Nobody is signed in by any of them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import ForgotPasswordForm, ForgotUserIdForm, OwnPasswordForm
from accounts.services import passwords, reminders
from accounts.views import answers, waiting
from core.errors import Gone, NotFound
from core.http import Request


@require_http_methods(["GET", "HEAD", "POST"])
@waiting.explained
def forgot_password(request: Request) -> HttpResponse:
    """Ask for a link. The answer is the same whether or not there is such a person."""
    form = ForgotPasswordForm(request.POST or None)
    if answers.accepted(
        form, lambda: passwords.request_reset(request.actor, identifier=form.cleaned_data["identifier"])
    ):
        return render(request, "accounts/forgot_password_sent.html")
    return answers.page(request, "accounts/forgot_password.html", form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@waiting.explained
def forgot_user_id(request: Request) -> HttpResponse:
    """Ask for the User ID. The answer is the same whether or not there is such a person."""
    form = ForgotUserIdForm(request.POST or None)
    if answers.accepted(form, lambda: reminders.remind_user_id(request.actor, email=form.cleaned_data["email"])):
        return render(request, "accounts/forgot_user_id_sent.html")
    return answers.page(request, "accounts/forgot_user_id.html", form=form)


@sensitive_post_parameters("password", "repeated")
@require_http_methods(["GET", "HEAD", "POST"])
def reset_password(request: Request, token: str) -> HttpResponse:
    """The page behind the link of the mail."""
    try:
        return _reset(request, token)
    except (Gone, NotFound) as ended:
        return render(request, "accounts/reset_ended.html", status=ended.status)


def _reset(request: Request, token: str) -> HttpResponse:
    person = passwords.person_of(token)
    form = OwnPasswordForm(request.POST or None)
    if not answers.accepted(
        form, lambda: passwords.reset(request.actor, secret=token, password=form.cleaned_data["password"])
    ):
        return answers.page(request, "accounts/reset_password.html", form=form, person=person)
    messages.success(request, _("Your password is changed. Sign in with the new one."))
    return redirect("accounts:sign-in")
