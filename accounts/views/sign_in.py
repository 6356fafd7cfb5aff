"""Sign in, in two pages that reveal nothing, and out."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import queries
from accounts.forms import IdentifierForm, PasswordForm
from accounts.models import NoticeKind
from accounts.services import sign_in as service
from accounts.services import under_way as under_way_service
from accounts.services.under_way import SignInUnderWay, Stage
from accounts.views import answers, under_way, waiting
from core.http import Request

IDENTIFIER = "sign_in_identifier"
SYSTEM_USE = "system_use_shown"


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: Request) -> HttpResponse:
    """User ID or e-mail, below the system-use notice. Whoever it is, the next page asks for a password."""
    if request.user.is_authenticated:
        return answers.home()
    notice = queries.current_notice(NoticeKind.SYSTEM_USE)
    form = IdentifierForm(request.POST or None, initial={"next": request.GET.get("next", "")}, notice=notice)
    if not form.is_valid():
        context = {"notice": notice, "passkeys_possible": settings.PASSKEYS_POSSIBLE}
        return answers.page(request, "accounts/sign_in.html", form=form, **context)
    under_way.forget(request)
    request.session[IDENTIFIER] = form.cleaned_data["identifier"]
    request.session[SYSTEM_USE] = notice.version if notice else None
    request.session[under_way.NEXT] = form.cleaned_data["next"]
    return redirect("accounts:sign-in-password")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@waiting.explained
def password(request: Request) -> HttpResponse:
    """The password of whoever the first page named."""
    if request.user.is_authenticated:
        return answers.home()
    if SYSTEM_USE not in request.session:
        return redirect("accounts:sign-in")
    identifier = request.POST.get("identifier") or request.session.get(IDENTIFIER, "")
    form = PasswordForm(request.POST or None, initial={"identifier": identifier})
    begun = answers.outcome(
        form,
        lambda: service.begin(
            request.actor,
            identifier=form.cleaned_data["identifier"],
            password=form.cleaned_data["password"],
            system_use=request.session[SYSTEM_USE],
        ),
    )
    if begun is None:
        return answers.page(request, "accounts/sign_in_password.html", form=form, identifier=identifier)
    del request.session[IDENTIFIER], request.session[SYSTEM_USE]
    return under_way.start(request, begun)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@waiting.explained
@under_way.at(Stage.PASSWORD)
def password_too(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """The password after a passkey, where a rule asks for both."""
    user_id = under_way_service.person_of(sign_in).user_id
    form = PasswordForm(request.POST or None, initial={"identifier": user_id})
    proved = answers.outcome(
        form, lambda: service.add_password(request.actor, sign_in=sign_in, password=form.cleaned_data["password"])
    )
    if proved is None:
        return answers.page(request, "accounts/sign_in_password.html", form=form, identifier=user_id)
    return under_way.start(request, proved)


@require_http_methods(["GET", "HEAD", "POST"])
@under_way.at(Stage.COMPLETE)
def come_in(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """The last step of somebody for whom nothing is missing, where it did not come with the one before."""
    if request.method == "POST":
        return under_way.come_in(request, sign_in)
    return render(request, "accounts/come_in.html", {"person": under_way_service.person_of(sign_in)})


@require_POST
def sign_out(request: Request) -> HttpResponse:
    """End the session and what the browser kept of it."""
    service.sign_out(request.actor)
    return answers.signed_out(request)
