"""What the pages on the way in and those of My Account share when a second factor is set up."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import messages

from accounts.forms.factors import NewAppForm
from accounts.models import AuthenticatorApp, User
from accounts.proofs import FactorKind
from accounts.services import factors, people
from accounts.services.factors import authenticator_apps, names, passkeys
from accounts.views import ceremonies
from core.errors import Gone
from core.http import Request

PENDING_APP = "app_being_set_up"


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


def register_passkey(request: Request, user: User) -> None:
    """Take the passkey that the browser made into use for ``user``."""
    shown = ceremonies.shown(request)
    passkeys.register(
        people.acting(user, seen=request.actor),
        user=user,
        challenge=shown.challenge,
        credential=shown.credential,
        name=shown.text("name"),
        staying=request.session.session_key,
    )


def free_name(user: User) -> str:
    return names.free(user, FactorKind.PASSKEY.label)
