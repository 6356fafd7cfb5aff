"""Setting up the first second factor on the way in, and the recovery codes that go with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import segno
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms.factors import NewAppForm
from accounts.models import AuthenticatorApp, User
from accounts.proofs import FactorKind, Proof
from accounts.services import factors, people
from accounts.services import under_way as service
from accounts.services.factors import authenticator_apps, names
from accounts.services.under_way import SignInUnderWay, Stage
from accounts.views import answers, codes_page, under_way
from accounts.views.first_login import steps
from core.errors import Gone
from core.http import Request

PENDING_APP = "app_being_set_up"


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


def begin_app(request: Request, user: User) -> None:
    """A new key, which this browser alone is shown."""
    pending = authenticator_apps.begin(people.acting(user, seen=request.actor), user=user)
    request.session[PENDING_APP] = str(pending.pk)


def pending_app(request: Request, user: User) -> AuthenticatorApp | None:
    """The app this browser is setting up; None, with a word to the person, where that took too long."""
    if PENDING_APP not in request.session:
        return None
    try:
        return authenticator_apps.pending(user, request.session[PENDING_APP])
    except Gone as ended:
        del request.session[PENDING_APP]
        messages.warning(request, ended.sentence)
        return None


def new_app_form(request: Request, user: User) -> NewAppForm:
    return NewAppForm(request.POST or None, initial={"name": names.free(user, FactorKind.AUTHENTICATOR_APP.label)})


def confirm_app(request: Request, user: User, pending: AuthenticatorApp, form: NewAppForm) -> None:
    actor = people.acting(user, seen=request.actor)
    authenticator_apps.confirm(
        actor,
        app=pending,
        code=form.cleaned_data["code"],
        name=form.cleaned_data["name"],
        staying=request.session.session_key,
    )
    request.session.pop(PENDING_APP, None)


def key_of(app: AuthenticatorApp, user: User) -> dict[str, str]:
    """What a page shows of the key: a QR code as an image of its own, and the text in groups of four."""
    text = app.key_text
    picture = segno.make(authenticator_apps.address(app, user), error="m")
    return {
        "qr_code": picture.svg_data_uri(scale=5, border=4, light="white"),
        "key_text": " ".join(text[at : at + 4] for at in range(0, len(text), 4)),
    }


def choices(user: User) -> dict[str, Any]:
    """Which kinds ``user`` may set up here."""
    kinds = factors.offered(user)
    return {"app_offered": FactorKind.AUTHENTICATOR_APP in kinds, "passkey_offered": FactorKind.PASSKEY in kinds}


def who(user: User, stage: Stage) -> dict[str, Any]:
    return {"person": user, "is_first_time": user.first_login_at is None, "steps": steps(stage)}
