"""“Confirm it is you”: the page before what matters for an account, and before an application that asks for more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import session_data
from accounts.decorators import confirm_url, person_of, signed_in
from accounts.forms.confirmation import ConfirmByPasswordForm
from accounts.forms.factors import AppCodeForm, RecoveryCodeForm
from accounts.models import User
from accounts.proofs import EVERY_KIND, Proof
from accounts.services import confirmation
from accounts.services.factors import passkeys
from accounts.views import answers, ceremonies
from core.http import Request


@dataclass(frozen=True, slots=True)
class Way:
    """Something that can be typed as a proof: its form, which has one field, and the service that checks it."""

    form: type[forms.Form]
    field: str
    prove: Callable[..., Proof]


# In the order in which they are offered.
TYPED = {
    Proof.PASSWORD: Way(ConfirmByPasswordForm, "password", confirmation.by_password),
    Proof.AUTHENTICATOR_APP: Way(AppCodeForm, "code", confirmation.by_app_code),
    Proof.RECOVERY_CODE: Way(RecoveryCodeForm, "code", confirmation.by_recovery_code),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is shown for: where to go afterwards, and the kinds of factor an application asks for, if one does."""

    destination: str
    kinds: frozenset[str]

    @classmethod
    def of(cls, request: Request) -> Asked:
        named = request.GET.get("kinds", "").split(",")
        return cls(answers.on_this_host(request, request.GET.get("next", "")), EVERY_KIND & frozenset(named))

    def url(self) -> str:
        return confirm_url(self.destination, kinds=self.kinds)

    def passkey_url(self) -> str:
        query = {"next": self.destination, "kinds": ",".join(sorted(self.kinds))}
        return f"{reverse('accounts:confirm-passkey')}?{urlencode(query)}"


@signed_in
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: Request) -> HttpResponse:
    """One proof after the other until they are enough, then back to where it was asked for."""
    user, asked = person_of(request), Asked.of(request)
    needed = _needed(request, user, asked)
    if not needed:
        return redirect(asked.destination)
    proof = _chosen(request, needed)
    way = TYPED[proof]
    form = way.form(request.POST or None)
    if answers.accepted(form, lambda: way.prove(request.actor, user=user, given=form.cleaned_data[way.field])):
        return _strengthened(request, user, asked, proof)
    context = {
        "person": user,
        "asked": asked,
        "proof": proof,
        "others": [other for other in TYPED if other in needed and other is not proof],
        "has_passkey": Proof.PASSKEY in needed and settings.PASSKEYS_POSSIBLE,
    }
    return answers.page(request, "accounts/confirm.html", form=form, **context)


@signed_in
@require_POST
def passkey_options(request: Request) -> HttpResponse:
    """A challenge for the passkeys of who is signed in."""
    return ceremonies.offer(request, *passkeys.authentication_options(person_of(request)))


@signed_in
@require_POST
def passkey(request: Request) -> HttpResponse:
    """A passkey of theirs."""
    user, shown = person_of(request), ceremonies.shown(request)
    proof = confirmation.by_passkey(request.actor, user=user, challenge=shown.challenge, credential=shown.credential)
    return ceremonies.onward(_strengthened(request, user, Asked.of(request), proof))


def _needed(request: Request, user: User, asked: Asked) -> frozenset[str]:
    """What is still to be shown: fresh proofs for one's own account, for an application those of the whole session count."""
    given = session_data.proofs_of(request.session) if asked.kinds else session_data.fresh_proofs(request.session)
    return confirmation.still_needed(user, given, kinds=asked.kinds)


def _chosen(request: Request, needed: frozenset[str]) -> Proof:
    """What is to be typed: what the person chose to, else the first that helps. There is a recovery code for every factor."""
    possible = [proof for proof in TYPED if proof in needed]
    return next((proof for proof in possible if proof == request.GET.get("with")), possible[0])


def _strengthened(request: Request, user: User, asked: Asked, proof: Proof) -> HttpResponse:
    """Under a new session key with one proof more: back to where it was asked for, or on to what is still needed."""
    request.session.cycle_key()
    session_data.add_proof(request.session, proof)
    return redirect(asked.url() if _needed(request, user, asked) else asked.destination)
