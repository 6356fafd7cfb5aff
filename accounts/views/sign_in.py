"""Sign in, in two pages that reveal nothing, and out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import queries
from accounts.forms import IdentifierForm, PasswordForm
from accounts.models import NoticeKind
from accounts.services import sign_in as service
from accounts.services.under_way import SignInUnderWay
from accounts.views import answers, under_way
from core.errors import Invalid
from core.forms import show_refusal
from core.http import Request

IDENTIFIER = "sign_in_identifier"


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: Request) -> HttpResponse:
    """User ID or e-mail, below the system-use notice. Whoever it is, the next page asks for a password."""
    if request.user.is_authenticated:
        return answers.home()
    form = IdentifierForm(request.POST or None, initial={"next": request.GET.get("next", "")})
    if not form.is_valid():
        notice = queries.current_notice(NoticeKind.SYSTEM_USE)
        return answers.page(request, "accounts/sign_in.html", form=form, notice=notice)
    request.session[IDENTIFIER] = form.cleaned_data["identifier"]
    request.session[under_way.NEXT] = form.cleaned_data["next"]
    return redirect("accounts:sign-in-password")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: Request) -> HttpResponse:
    """The password of whoever the first page named."""
    if request.user.is_authenticated:
        return answers.home()
    identifier = request.POST.get("identifier") or request.session.get(IDENTIFIER)
    if not identifier:
        return redirect("accounts:sign-in")
    form = PasswordForm(request.POST or None, initial={"identifier": identifier})
    begun = _begun(request, form)
    if begun is None:
        return answers.page(request, "accounts/sign_in_password.html", form=form, identifier=identifier)
    request.session.pop(IDENTIFIER, None)
    return under_way.start(request, begun)


@require_POST
def sign_out(request: Request) -> HttpResponse:
    """End the session and what the browser kept of it."""
    service.sign_out(request.actor)
    logout(request)
    messages.success(request, _("You are signed out."))
    response = redirect("accounts:sign-in")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _begun(request: Request, form: PasswordForm) -> SignInUnderWay | None:
    if not form.is_valid():
        return None
    notice = queries.current_notice(NoticeKind.SYSTEM_USE)
    try:
        return service.begin(
            request.actor,
            identifier=form.cleaned_data["identifier"],
            password=form.cleaned_data["password"],
            system_use=notice.version if notice else None,
        )
    except Invalid as refusal:
        show_refusal(form, refusal)
        return None
