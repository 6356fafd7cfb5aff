"""My Account."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
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
from accounts.views import answers
from core.http import Request


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    value: str
    url: str = ""


@signed_in
@require_safe
def my_account(request: Request) -> HttpResponse:
    """Who I am here, and how to reach me."""
    user = person_of(request)
    context = {
        "rows": _rows(user),
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
    messages.success(
        request, _("Your password is changed. You are signed out everywhere else; your access tokens have ended.")
    )
    return redirect("accounts:security")


def _rows(user: User) -> list[Row]:
    """What is known of somebody, each with the page to change it on; names and User IDs have none."""
    preferences = reverse("accounts:preferences")
    rows = [
        Row(_("Name"), user.full_name),
        Row(_("User ID"), user.user_id),
        Row(_("E-mail"), user.email, reverse("accounts:change-email")),
        Row(_("Phone"), user.phone, reverse("accounts:change-phone")),
        Row(_("Time zone"), user.time_zone.replace("_", " "), preferences),
    ]
    if len(settings.LANGUAGES) > 1:
        language = dict(settings.LANGUAGES).get(user.language, user.language)
        rows.append(Row(_("Language"), str(language), preferences))
    return rows
