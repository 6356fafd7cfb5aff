"""“I have lost my second factor”: asked for with the password proved, decided by two other people."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts import queries
from accounts.forms.factor_resets import AskForm
from accounts.ports import guardians
from accounts.services import factor_resets
from accounts.services import under_way as service
from accounts.services.under_way import SignInUnderWay, Stage
from accounts.views import answers, under_way
from core.errors import Conflict
from core.http import Request


@require_http_methods(["GET", "HEAD", "POST"])
@under_way.at(Stage.SECOND_FACTOR)
def lost_factor(request: Request, sign_in: SignInUnderWay) -> HttpResponse:
    """What to do, the form to ask with, and afterwards how the request stands."""
    user = service.person_of(sign_in)
    form = AskForm(request.POST or None)
    try:
        asked = answers.accepted(
            form, lambda: factor_resets.ask(request.actor, user=user, message=form.cleaned_data["message"])
        )
    except Conflict:
        asked = True
    if asked:
        return redirect("accounts:lost-factor")
    context = {
        "person": user,
        "reset": queries.open_factor_reset(user),
        "contacts": guardians().contacts_of(user),
        "has_codes": queries.has_recovery_codes(user),
    }
    return answers.page(request, "accounts/lost_factor.html", form=form, **context)
