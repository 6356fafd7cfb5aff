"""My Account, Access tokens: what programs get in with in one's own name."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, policies
from accounts.decorators import confirmed, person_of, signed_in
from accounts.forms.access_tokens import AccessTokenForm
from accounts.services import access_tokens
from accounts.views import answers
from core.http import Request


@signed_in
@require_safe
def overview(request: Request) -> HttpResponse:
    """The tokens of the person who looks: those that live, and those that ended lately."""
    user = person_of(request)
    context = {"tokens": access.access_tokens_of(user), "may_make": policies.can_make_access_token(request.actor, user)}
    return render(request, "accounts/access_tokens.html", context)


@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: Request) -> HttpResponse:
    """A new token. The answer to the form shows its secret, this once: nothing keeps it for another page."""
    user = person_of(request)
    policies.can_make_access_token(request.actor, user).enforce()
    form = AccessTokenForm(request.POST if request.method == "POST" else None)
    made = answers.outcome(
        form,
        lambda: access_tokens.create(
            request.actor,
            user=user,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            lifetime=form.asked_lifetime,
            session_key=request.session.session_key,
        ),
    )
    if made is None:
        return answers.page(request, "accounts/access_token_new.html", form=form)
    token, secret = made
    return render(request, "accounts/access_token_made.html", {"token": token, "secret": secret})


@signed_in
@require_POST
def revoke(request: Request, pk: UUID) -> HttpResponse:
    """End one token."""
    token = access.access_token_of(person_of(request), pk)
    access_tokens.revoke(request.actor, token=token)
    messages.success(request, _("“%(name)s” is revoked. No program gets in with it any more.") % {"name": token.name})
    return redirect("accounts:access-tokens")
