"""A new e-mail address: asked for in My Account, confirmed from the new one, stopped from the old one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import confirmed, person_of, signed_in
from accounts.forms.account import NewEmailForm
from accounts.services import email_changes
from accounts.views import answers
from core.errors import DomainError, Gone, NotFound
from core.http import Request

OPENED = "email_change_opened"
NOTHING = str(UUID(int=0))


@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def change_email(request: Request) -> HttpResponse:
    """Ask for another address. The answer is the same whosever it is."""
    user = person_of(request)
    form = NewEmailForm(request.POST or None)
    if not answers.accepted(
        form, lambda: email_changes.ask(request.actor, user=user, new_email=form.cleaned_data["new_email"])
    ):
        waiting = email_changes.waiting(user)
        return answers.page(request, "accounts/change_email.html", form=form, person=user, waiting=waiting)
    sentence = _("Check the mail at %(address)s: a link is on its way there. Open it within one day.")
    messages.success(request, sentence % {"address": form.cleaned_data["new_email"]})
    return redirect("accounts:my-account")


@signed_in
@require_POST
def withdraw(request: Request) -> HttpResponse:
    """Keep the address after all."""
    email_changes.withdraw(request.actor, user=person_of(request))
    messages.success(request, _("Your address stays as it is."))
    return redirect("accounts:my-account")


@require_safe
def open_link(request: Request, token: str) -> HttpResponse:
    """The link of the new address. It is remembered, and its secret is not, while its reader signs in."""
    try:
        request.session[OPENED] = str(email_changes.opened(token))
    except (Gone, NotFound) as ended:
        return _ended(request, ended)
    return redirect("accounts:confirm-email")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: Request) -> HttpResponse:
    """Confirm the address whose link was opened. Looking changes nothing."""
    user = person_of(request)
    opened = UUID(request.session.get(OPENED, NOTHING))
    try:
        if request.method != "POST":
            change = email_changes.to_confirm(user, opened=opened)
            return render(request, "accounts/confirm_email.html", {"change": change, "person": user})
        email_changes.confirm(request.actor, user=user, opened=opened)
    except (Gone, NotFound) as ended:
        return _ended(request, ended)
    del request.session[OPENED]
    messages.success(request, _("Your e-mail address is now %(address)s.") % {"address": user.email})
    return redirect("accounts:my-account")


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: Request, token: str) -> HttpResponse:
    """The page behind the link of the old address, for whoever reads mail there. Looking changes nothing."""
    try:
        if request.method != "POST":
            change = email_changes.to_stop(token)
            return render(request, "accounts/stop_email_change.html", {"change": change})
        change = email_changes.stop(request.actor, secret=token)
    except (Gone, NotFound) as ended:
        return render(request, "accounts/stop_email_change_ended.html", status=ended.status)
    return render(request, "accounts/email_change_stopped.html", {"change": change})


def _ended(request: Request, ended: DomainError) -> HttpResponse:
    taken = ended.sentence if ended.error_code == "taken" else ""
    return render(request, "accounts/confirm_email_ended.html", {"taken": taken}, status=ended.status)
