"""Setting up the first second factor on the way in, and the recovery codes that go with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.proofs import FactorKind, Proof
from accounts.services import factors, people
from accounts.services import under_way as service
from accounts.services.under_way import SignInUnderWay, Stage
from accounts.views import answers, codes_page, under_way
from accounts.views.first_login import steps
from accounts.views.new_factors import begin_app, choices, confirm_app, key_of, new_app_form, pending_app
from core.http import Request


@require_http_methods(["GET", "HEAD", "POST"])
@under_way.at(Stage.SET_UP_FACTOR)
def choose(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """Which kind to set up, or later where that is allowed."""
    user = service.person_of(sign_in)
    wish = request.POST.get("choice", "")
    if wish == "later" and service.may_postpone(user):
        factors.postpone(people.acting(user, seen=request.actor), user=user)
        return under_way.go_on(request, replace(sign_in, postponed=True))
    if wish == FactorKind.AUTHENTICATOR_APP:
        begin_app(request, user)
        return redirect("accounts:set-up-app")
    context = {"may_postpone": service.may_postpone(user), **who(user, Stage.SET_UP_FACTOR), **choices(user)}
    return render(request, "accounts/set_up_factor.html", context)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@under_way.at(Stage.SET_UP_FACTOR)
def app(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """The key for an app, as a picture and as text, and the first code back."""
    user = service.person_of(sign_in)
    pending = pending_app(request, user)
    if pending is None:
        return redirect("accounts:set-up-factor")
    form = new_app_form(request, user)
    if not answers.accepted(form, lambda: confirm_app(request, user, pending, form)):
        context = {**who(user, Stage.SET_UP_FACTOR), **key_of(pending, user)}
        return answers.page(request, "accounts/set_up_app.html", form=form, **context)
    return under_way.start(request, sign_in.having(Proof.AUTHENTICATOR_APP))


@require_http_methods(["GET", "HEAD", "POST"])
@under_way.at(Stage.RECOVERY_CODES)
def recovery_codes(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """The recovery codes, shown once, and on when they are kept."""
    user = service.person_of(sign_in)
    context = who(user, Stage.RECOVERY_CODES)
    answer = codes_page.answer(request, user, template="accounts/recovery_codes.html", **context)
    return answer or under_way.go_on(request, sign_in)


def who(user: User, stage: Stage) -> dict[str, Any]:
    return {"person": user, "is_first_time": user.first_login_at is None, "steps": steps(stage)}
