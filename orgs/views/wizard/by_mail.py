"""Beginning a registration by a mailed link instead of the captcha."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core import tokens
from core.errors import Gone
from core.http import Request
from orgs import access, links
from orgs.forms.by_mail import ByMailForm
from orgs.models import Invitation
from orgs.services import invitations
from orgs.services.registrations import mailed_starts
from orgs.views import holding
from orgs.views.wizard.gate import enter, indicator


@require_http_methods(["GET", "HEAD", "POST"])
def by_mail(request: Request) -> HttpResponse:
    """Ask for the link. The answer is the same whatever the gateway knows of the address."""
    form = ByMailForm(request.POST or None)
    if form.is_valid():
        return _mail_link(request, email=form.cleaned_data["email"])
    return _ask(request, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
def invited_by_mail(request: Request, token: str) -> HttpResponse:
    """The same from an invitation: the link goes to the invited address, or to a colleague's where that is allowed."""
    invited = access.invitation_of_token(tokens.find(invitations.LINK, token))
    form = ByMailForm(request.POST or None, initial={"email": invited.email}) if invited.colleague_allowed else None
    if form is None and request.method == "POST":
        return _mail_link(request, invitation=invited)
    if form is not None and form.is_valid():
        return _mail_link(request, email=form.cleaned_data["email"], invitation=invited)
    return _ask(request, form=form, invitation=invited, token=token)


@require_http_methods(["GET", "HEAD", "POST"])
def from_mail(request: Request, token: str) -> HttpResponse:
    """Where the mailed link leads. Looking uses nothing up; Continue does, and begins the draft."""
    secret = links.secret_in(token)
    if secret and secret != token:
        return redirect("orgs:register-from-mail", token=secret)
    link = tokens.peek(mailed_starts.LINK, token)
    ended = tokens.ended_because(link)
    if not ended and request.method == "POST":
        try:
            registration = mailed_starts.begin(request.actor, link, language=request.LANGUAGE_CODE)
        except Gone as refusal:
            ended = refusal.error_code
        else:
            holding.hold(request, registration)
            return enter(registration)
    if ended:
        drafts = access.held_drafts(holding.held(request))
        return render(request, "orgs/wizard/from_mail_ended.html", {"ended": ended, "drafts": drafts}, status=410)
    start = access.mailed_start_of_token(link)
    return render(request, "orgs/wizard/from_mail.html", {"start": start, "steps": indicator(None, current="")})


def _ask(request: Request, *, form: ByMailForm | None, **more: object) -> HttpResponse:
    context = {"form": form, "steps": indicator(None, current=""), **more}
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "orgs/wizard/by_mail.html", context, status=status)


def _mail_link(request: Request, *, email: str = "", invitation: Invitation | None = None) -> HttpResponse:
    mailed_starts.mail_link(request.actor, email=email, invitation=invitation, language=request.LANGUAGE_CODE)
    context = {"email": email, "invitation": invitation, "steps": indicator(None, current="")}
    return render(request, "orgs/wizard/by_mail_sent.html", context)
