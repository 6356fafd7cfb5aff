"""Welcome, and the Organization Profile."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from core.http import Request
from orgs.addresses import step_url
from orgs.forms.profile import ProfileForm
from orgs.models import Registration, WizardStep
from orgs.services.registrations import drafts
from orgs.views import holding
from orgs.views.wizard.gate import onward, show, step_view
from orgs.views.wizard.start import mail_link


@step_view(WizardStep.WELCOME)
def welcome(request: Request, registration: Registration) -> HttpResponse:
    if request.method == "POST":
        return onward(request, drafts.welcome_done(request.actor, registration), WizardStep.WELCOME)
    return show(request, registration, WizardStep.WELCOME, {})


@step_view(WizardStep.PROFILE)
def profile(request: Request, registration: Registration) -> HttpResponse:
    typed = request.POST if request.method == "POST" else holding.parked(request, registration, WizardStep.PROFILE)
    form = ProfileForm(typed, registration=registration)
    if request.method == "POST":
        if form.is_valid():
            _save(request, registration, form)
        if "later" in request.POST:
            return _save_for_later(request, registration, form)
        if form.is_valid():
            return onward(request, registration, WizardStep.PROFILE)
    return show(request, registration, WizardStep.PROFILE, {"form": form})


def _save(request: Request, registration: Registration, form: ProfileForm) -> None:
    drafts.save_profile(
        request.actor,
        registration,
        profile=form.profile(),
        contact=form.contact(),
        applications=list(form.cleaned_data["applications"]),
    )


def _save_for_later(request: Request, registration: Registration, form: ProfileForm) -> HttpResponse:
    """Keep what is right by itself too, and mail the link where the contact's address is among it."""
    if form.errors:
        drafts.keep_answers(request.actor, registration, answers=form.right_answers())
        messages.info(request, "Fields that are missing or need another look are still open.")
    kept = Registration.objects.get(pk=registration.pk)
    if not kept.contact_email:
        form.add_error("contact_email", "Enter your address here: the link to go on later is mailed to it.")
        return show(request, registration, WizardStep.PROFILE, {"form": form})
    mail_link(request, kept)
    return redirect(step_url(registration, WizardStep.PROFILE))
