"""My Account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import session_data
from accounts.decorators import person_of, signed_in
from accounts.forms import ChangePasswordForm
from accounts.models import User
from accounts.proofs import Proof
from accounts.services import passwords
from accounts.views import answers
from core.http import Request


@signed_in
@require_safe
def my_account(request: Request) -> HttpResponse:
    """Who I am here, and how I sign in."""
    return render(request, "accounts/my_account.html", {"profile": _profile(person_of(request))})


@signed_in
@sensitive_post_parameters("current_password", "password", "repeated")
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: Request) -> HttpResponse:
    """A new password by somebody who knows the current one. This session goes on, every other one ends."""
    user = person_of(request)
    form = ChangePasswordForm(request.POST or None)

    def change() -> None:
        passwords.change(
            request.actor,
            user=user,
            current_password=form.cleaned_data["current_password"],
            password=form.cleaned_data["password"],
            keep=request.session.session_key,
        )

    if not answers.accepted(form, change):
        return answers.page(request, "accounts/change_password.html", form=form, person=user)
    update_session_auth_hash(request, user)
    session_data.add_proof(request.session, Proof.PASSWORD)
    messages.success(request, _("Your password is changed. You are signed out everywhere else."))
    return redirect("accounts:my-account")


def _profile(user: User) -> list[dict[str, str]]:
    return [
        {"label": _("Name"), "value": user.full_name},
        {"label": _("User ID"), "value": user.user_id},
        {"label": _("E-mail"), "value": user.email},
        {"label": _("Phone"), "value": user.phone},
        {"label": _("Time zone"), "value": user.time_zone},
    ]
