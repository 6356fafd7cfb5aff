"""My Account, Security: the password, the second factors, and the recovery codes."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries, session_data
from accounts.decorators import confirmed, person_of, signed_in
from accounts.forms.factors import NameForm
from accounts.models import User
from accounts.proofs import FactorKind, Proof
from accounts.services import factors
from accounts.services.factors import passkeys as passkey_service
from accounts.services.factors import recovery_codes as recovery_code_service
from accounts.services.factors import upkeep
from accounts.views import answers, ceremonies, codes_page
from accounts.views.new_factors import (
    begin_app,
    choices,
    confirm_app,
    free_name,
    key_of,
    new_app_form,
    pending_app,
    register_passkey,
)
from core.http import Request

CODES_PAGE = "accounts/security/recovery_codes.html"


@signed_in
@require_safe
def security(request: Request) -> HttpResponse:
    """How I sign in."""
    user = person_of(request)
    context = {
        "person": user,
        "factors": factors.overview(user),
        "codes_left": recovery_code_service.left(user),
        "has_codes": queries.has_recovery_codes(user),
        **choices(user),
    }
    return render(request, "accounts/security/overview.html", context)


@confirmed
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def add_app(request: Request) -> HttpResponse:
    """A new authenticator app: its key, and its first code back."""
    user = person_of(request)
    factors.ensure_offered(user, FactorKind.AUTHENTICATOR_APP)
    if request.POST.get("choice") == "begin":
        begin_app(request, user)
        return redirect("accounts:add-app")
    pending = pending_app(request, user)
    if pending is None:
        return render(request, "accounts/security/add_app.html")
    form = new_app_form(request, user)
    if not answers.accepted(form, lambda: confirm_app(request, user, pending, form)):
        return answers.page(request, "accounts/security/add_app.html", form=form, **key_of(pending, user))
    return _added(request, user, Proof.AUTHENTICATOR_APP)


@confirmed
@require_safe
def add_passkey(request: Request) -> HttpResponse:
    """A new passkey: its name, and the button that makes it."""
    user = person_of(request)
    factors.ensure_offered(user, FactorKind.PASSKEY)
    return render(request, "accounts/security/add_passkey.html", {"name": free_name(user)})


@confirmed
@require_POST
def add_passkey_options(request: Request) -> HttpResponse:
    return ceremonies.offer(request, *passkey_service.registration_options(person_of(request)))


@confirmed
@require_POST
def add_passkey_finish(request: Request) -> HttpResponse:
    """The new passkey."""
    user = person_of(request)
    register_passkey(request, user)
    return ceremonies.onward(_added(request, user, Proof.PASSKEY))


@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def rename_factor(request: Request, factor_id: UUID) -> HttpResponse:
    """Another name for one of my factors."""
    user = person_of(request)
    factor = upkeep.one(user, factor_id)
    form = NameForm(request.POST or None, initial={"name": factor.name})
    if not answers.accepted(
        form,
        lambda: upkeep.rename(request.actor, user=user, factor_id=factor.id, name=form.cleaned_data["name"]),
    ):
        return answers.page(request, "accounts/security/rename_factor.html", form=form, factor=factor)
    messages.success(request, _("The name is changed."))
    return redirect("accounts:security")


@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def remove_factor(request: Request, factor_id: UUID) -> HttpResponse:
    """Remove one of my factors, after a last look at what that means."""
    user = person_of(request)
    factor = upkeep.one(user, factor_id)
    if request.method != "POST":
        context = {"factor": factor, "may_remove": upkeep.may_remove(user, factor), "is_last": _is_last(user)}
        return render(request, "accounts/security/remove_factor.html", context)
    upkeep.remove(request.actor, user=user, factor_id=factor.id, staying=request.session.session_key)
    request.session.cycle_key()
    said = _("“%(name)s” is removed. You are signed out everywhere else; your access tokens have ended.")
    messages.success(request, said % {"name": factor.name})
    return redirect("accounts:security")


@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def new_recovery_codes(request: Request) -> HttpResponse:
    """Recovery codes in place of those before."""
    user = person_of(request)
    context = {"person": user, "has_codes": queries.has_recovery_codes(user), "back_url": reverse("accounts:security")}
    if not factors.overview(user):
        return render(request, CODES_PAGE, {"needs_factor": True, **context})
    answer = codes_page.answer(request, user, template=CODES_PAGE, **context)
    if answer is not None:
        return answer
    messages.success(request, _("Your new recovery codes count from now on. Older ones no longer work."))
    return redirect("accounts:security")


def _added(request: Request, user: User, proof: Proof) -> HttpResponse:
    """The session has proved the new factor with it, and goes on under a new key."""
    request.session.cycle_key()
    session_data.add_proof(request.session, proof)
    messages.success(
        request,
        _("Your new second factor is ready. You are signed out everywhere else; your access tokens have ended."),
    )
    if not queries.has_recovery_codes(user):
        return redirect("accounts:new-recovery-codes")
    return redirect("accounts:security")


def _is_last(user: User) -> bool:
    return len(factors.overview(user)) == 1
