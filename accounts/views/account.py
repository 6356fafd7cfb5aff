"""My Account."""

from __future__ import annotations

from django.conf import settings
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
from accounts.ports import guardians
from accounts.proofs import Proof
from accounts.services import email_changes, passwords
from accounts.views import answers, profile
from core.http import Request


@signed_in
@require_safe
def my_account(request: Request) -> HttpResponse:
    """Who I am here, and how to reach me."""
    user = person_of(request)
    context = {
        "name": [{"label": _("Name"), "value": user.full_name}, {"label": _("User ID"), "value": user.user_id}],
        "email": [{"label": _("E-mail"), "value": user.email}],
        "phone": [{"label": _("Phone"), "value": user.phone}],
        "preferences_title": profile.preferences_title(),
        "preferences": _preferences(user),
        "waiting": email_changes.waiting(user),
        "contacts": guardians().contacts_of(user),
    }
    return render(request, "accounts/my_account.html", context)


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
    return redirect("accounts:security")


def _preferences(user: User) -> list[dict[str, str]]:
    zone = {"label": _("Time zone"), "value": user.time_zone.replace("_", " ")}
    language = {"label": _("Language"), "value": str(dict(settings.LANGUAGES).get(user.language, user.language))}
    return [language, zone] if len(settings.LANGUAGES) > 1 else [zone]
