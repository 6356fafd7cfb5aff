"""Before the first step: the captcha, and the ways back into a draft."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import Conflict, NotFound, TooMany
from core.http import Request
from orgs import access
from orgs.forms.administrators import ResumeForm
from orgs.models import Registration, RegistrationState
from orgs.services import invitations
from orgs.services.registrations import drafts, ends
from orgs.views import captcha, holding
from orgs.views.wizard.gate import enter, indicator, not_here


@require_http_methods(["GET", "HEAD", "POST"])
def register(request: Request) -> HttpResponse:
    """Register an organisation without an invitation: the captcha, and drafts begun in this browser."""
    form = captcha.answered(request)
    if form.is_bound and form.is_valid():
        registration = drafts.start(request.actor, language=request.LANGUAGE_CODE)
        holding.hold(request, registration)
        return enter(registration)
    context = {
        "form": form,
        "steps": indicator(None, current=""),
        "drafts": access.held_drafts(holding.held(request)),
    }
    return render(request, "orgs/wizard/captcha.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: Request) -> HttpResponse:
    """Mail somebody the links to their drafts. The answer is the same whether there are any."""
    form = ResumeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        drafts.mail_links_to(request.actor, form.cleaned_data["email"])
        return render(request, "orgs/wizard/resume_sent.html", {"email": form.cleaned_data["email"]})
    return render(request, "orgs/wizard/resume.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def save_for_later(request: Request, pk: UUID) -> HttpResponse:
    """Save & resume later: mail the link, and stay on the page."""
    try:
        registration = access.held_registration(holding.held(request), pk)
    except NotFound:
        return not_here(request)
    if registration.state == RegistrationState.DRAFT:
        mail_link(request, registration)
    return enter(registration)


@require_POST
def start_again(request: Request, pk: UUID) -> HttpResponse:
    """A draft has expired: go on in a new one with what it held."""
    try:
        ended = access.held_registration(holding.held(request), pk)
    except NotFound:
        return not_here(request)
    try:
        registration = ends.start_again(request.actor, ended)
    except Conflict:
        return enter(ended)
    holding.hold(request, registration)
    messages.success(request, "What you had entered is here again. Each One Time Password has to be chosen anew.")
    return enter(registration)


@require_POST
def ask_for_another(request: Request, pk: UUID) -> HttpResponse:
    """The invitation behind a draft has ended: ask its sender for a new one."""
    try:
        registration = access.held_registration(holding.held(request), pk)
    except NotFound:
        return not_here(request)
    if registration.invitation is None:
        return enter(registration)
    invitations.ask_for_another(request.actor, registration.invitation)
    return render(request, "orgs/invitation_asked.html", {"invitation": registration.invitation})


def mail_link(request: Request, registration: Registration) -> None:
    """Mail the link back to the draft, and say so on the next page."""
    try:
        drafts.mail_link(request.actor, registration)
    except (Conflict, TooMany) as refusal:
        messages.warning(request, refusal.sentence)
        return
    messages.success(
        request,
        f"Everything is saved. We have mailed a link to {registration.contact_email}: open it in any browser to go on "
        "where you are now.",
    )
