"""My Account: how to reach me, how the gateway speaks to me, and what it tells me."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import notifications
from accounts.decorators import confirmed, person_of, signed_in
from accounts.forms.account import NotificationsForm, PhoneForm, PreferencesForm
from accounts.services import profiles
from accounts.views import answers
from core.http import Request


@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def change_phone(request: Request) -> HttpResponse:
    """Another phone number, or none."""
    user = person_of(request)
    form = PhoneForm(request.POST or None, initial={"phone": user.phone})
    if not answers.accepted(
        form, lambda: profiles.change_phone(request.actor, user=user, phone=form.cleaned_data["phone"])
    ):
        return answers.page(request, "accounts/change_phone.html", form=form)
    messages.success(request, _("Your phone number is saved. We have confirmed it by mail."))
    return redirect("accounts:my-account")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: Request) -> HttpResponse:
    """Language, where there are several, and time zone."""
    user = person_of(request)
    form = PreferencesForm(request.POST or None, user=user)

    def save() -> None:
        language = form.cleaned_data.get("language", user.language)
        profiles.set_preferences(request.actor, user=user, language=language, time_zone=form.cleaned_data["time_zone"])

    if not answers.accepted(form, save):
        return answers.page(request, "accounts/preferences.html", form=form, title=_preferences_title())
    messages.success(request, _("Saved."))
    return redirect("accounts:my-account")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def choose_notifications(request: Request) -> HttpResponse:
    """Which mails to do without."""
    user = person_of(request)
    kinds = notifications.offered_to(request.actor)
    form = NotificationsForm(request.POST if request.method == "POST" else None, user=user, kinds=kinds)

    def save() -> None:
        profiles.choose_notifications(request.actor, user=user, wanted=form.cleaned_data["wanted"])

    if not answers.accepted(form, save):
        return answers.page(request, "accounts/notifications.html", form=form, kinds=kinds)
    messages.success(request, _("Saved. From now on we send you what you chose."))
    return redirect("accounts:notifications")


def _preferences_title() -> str:
    return _("Language and time") if len(settings.LANGUAGES) > 1 else _("Time zone")
