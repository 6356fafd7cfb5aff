"""“Confirm it is you”: the page before what matters for an account, and before an application that asks for more."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import session_data
from accounts.decorators import confirm_url, person_of, signed_in
from accounts.forms.confirmation import ConfirmByPasswordForm
from accounts.models import User
from accounts.proofs import EVERY_KIND, Proof
from accounts.services import confirmation
from accounts.views import answers
from core.errors import Invalid
from core.forms import show_refusal
from core.http import Request


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is shown for: where to go afterwards, and the kinds of factor an application asks for, if one does."""

    destination: str
    kinds: frozenset[str]

    @classmethod
    def of(cls, request: Request) -> Asked:
        named = request.GET.get("kinds", "").split(",")
        return cls(answers.on_this_host(request, request.GET.get("next", "")), EVERY_KIND & frozenset(named))

    @property
    def url(self) -> str:
        return confirm_url(self.destination, kinds=self.kinds)


@signed_in
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: Request) -> HttpResponse:
    """One proof after the other until they are enough, then back to where it was asked for."""
    user, asked = person_of(request), Asked.of(request)
    if not _needed(request, user, asked):
        return redirect(asked.destination)
    form = ConfirmByPasswordForm(request.POST or None)
    proof = _shown(request, user, form)
    if proof is None:
        return answers.page(request, "accounts/confirm.html", form=form, person=user, asked=asked)
    request.session.cycle_key()
    session_data.add_proof(request.session, proof)
    return redirect(asked.url if _needed(request, user, asked) else asked.destination)


def _needed(request: Request, user: User, asked: Asked) -> frozenset[str]:
    """What is still to be shown: fresh proofs for one's own account, for an application those of the whole session count."""
    given = session_data.proofs_of(request.session) if asked.kinds else session_data.fresh_proofs(request.session)
    return confirmation.still_needed(user, given, kinds=asked.kinds)


def _shown(request: Request, user: User, form: ConfirmByPasswordForm) -> Proof | None:
    if not form.is_valid():
        return None
    try:
        return confirmation.by_password(request.actor, user=user, password=form.cleaned_data["password"])
    except Invalid as refusal:
        show_refusal(form, refusal)
        return None
