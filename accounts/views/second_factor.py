"""The second factor on the way in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms.factors import AppCodeForm, RecoveryCodeForm
from accounts.proofs import FactorKind, Proof
from accounts.services import under_way as service
from accounts.services.factors import authenticator_apps, recovery_codes
from accounts.services.under_way import SignInUnderWay, Stage
from accounts.views import answers, under_way, waiting
from core.http import Request


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@waiting.explained
@under_way.at(Stage.SECOND_FACTOR)
def second_factor(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """A passkey or the code of an app, whichever the person has and the rule allows."""
    user = service.person_of(sign_in)
    kinds = service.kinds_to_prove(user)
    form = AppCodeForm(request.POST or None)
    if not answers.accepted(
        form, lambda: authenticator_apps.prove(request.actor, user=user, code=form.cleaned_data["code"])
    ):
        context = {
            "has_app": FactorKind.AUTHENTICATOR_APP in kinds,
            "has_passkey": FactorKind.PASSKEY in kinds and settings.PASSKEYS_POSSIBLE,
        }
        return answers.page(request, "accounts/second_factor.html", form=form, person=user, **context)
    return under_way.start(request, sign_in.having(Proof.AUTHENTICATOR_APP))


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@waiting.explained
@under_way.at(Stage.SECOND_FACTOR)
def recovery_code(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """A recovery code in place of the second factor."""
    user = service.person_of(sign_in)
    form = RecoveryCodeForm(request.POST or None)
    if not answers.accepted(
        form, lambda: recovery_codes.prove(request.actor, user=user, code=form.cleaned_data["code"])
    ):
        return answers.page(request, "accounts/second_factor_recovery_code.html", form=form, person=user)
    return under_way.start(request, sign_in.having(Proof.RECOVERY_CODE))
