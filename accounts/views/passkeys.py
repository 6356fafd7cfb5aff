"""Passkeys on the way in: in place of name and password, as the second factor, and set up for the first time."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts import queries
from accounts.forms.sign_in import NOTICE_CHANGED
from accounts.models import NoticeKind
from accounts.proofs import FactorKind, Proof
from accounts.services import factors, passkey_sign_in
from accounts.services import under_way as service
from accounts.services.factors import passkeys
from accounts.services.under_way import SignInUnderWay, Stage
from accounts.views import answers, ceremonies, under_way
from accounts.views.new_factors import free_name, register_passkey
from accounts.views.set_up_factor import who
from core.errors import Invalid
from core.http import Request


@require_POST
def sign_in_options(request: Request) -> HttpResponse:
    """A challenge for whoever comes: no name was said, and no passkey is named."""
    if request.user.is_authenticated:
        return answers.home()
    return ceremonies.offer(request, *passkeys.authentication_options())


@require_POST
def sign_in(request: Request) -> HttpResponse:
    """The passkey of whoever shows it, below the system-use notice they saw."""
    if request.user.is_authenticated:
        return answers.home()
    shown = ceremonies.shown(request)
    notice = queries.current_notice(NoticeKind.SYSTEM_USE)
    if notice is not None and shown.text("system_use") != str(notice.version):
        raise Invalid(str(NOTICE_CHANGED))
    begun = passkey_sign_in.begin(
        request.actor,
        challenge=shown.challenge,
        credential=shown.credential,
        system_use=notice.version if notice else None,
    )
    under_way.forget(request)
    return ceremonies.onward(under_way.start(request, begun, destination=shown.text("next")))


@require_POST
@under_way.at(Stage.SECOND_FACTOR)
def second_factor_options(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """A challenge for the passkeys of the person whose password was right."""
    return ceremonies.offer(request, *passkeys.authentication_options(service.person_of(sign_in)))


@require_POST
@under_way.at(Stage.SECOND_FACTOR)
def second_factor(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """A passkey of that person."""
    shown = ceremonies.shown(request)
    passkeys.prove(
        request.actor, challenge=shown.challenge, credential=shown.credential, user=service.person_of(sign_in)
    )
    return ceremonies.onward(under_way.start(request, sign_in.having(Proof.PASSKEY)))


@require_safe
@under_way.at(Stage.SET_UP_FACTOR)
def set_up(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """What a passkey is, its name, and the button that makes one."""
    user = service.person_of(sign_in)
    factors.ensure_offered(user, FactorKind.PASSKEY)
    context = {**who(user, Stage.SET_UP_FACTOR), "name": free_name(user)}
    return render(request, "accounts/set_up_passkey.html", context)


@require_POST
@under_way.at(Stage.SET_UP_FACTOR)
def set_up_options(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """A challenge for a new passkey."""
    return ceremonies.offer(request, *passkeys.registration_options(service.person_of(sign_in)))


@require_POST
@under_way.at(Stage.SET_UP_FACTOR)
def set_up_finish(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """The new passkey, which is proved with this as well."""
    register_passkey(request, service.person_of(sign_in))
    return ceremonies.onward(under_way.start(request, sign_in.having(Proof.PASSKEY)))
