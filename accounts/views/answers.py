"""How the pages of this room answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from core.errors import Invalid
from core.forms import show_refusal
from core.http import Request

Served = TypeVar("Served")


def page(request: Request, template: str, *, form: forms.Form, **context: Any) -> HttpResponse:
    """The page with its form: 422 where the form came back with errors."""
    status = Invalid.status if form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def accepted(form: forms.Form, service: Callable[[], object]) -> bool:
    """Whether the form was filled in and the service took it; otherwise the form says why not."""

    def served() -> bool:
        service()
        return True

    return bool(outcome(form, served))


def outcome(form: forms.Form, service: Callable[[], Served]) -> Served | None:
    """What the service answers where the form was filled in; None, and the form says why, where it was not or is refused."""
    if not form.is_valid():
        return None
    try:
        return service()
    except Invalid as refusal:
        show_refusal(form, refusal)
        return None


def home() -> HttpResponse:
    return redirect(settings.LOGIN_REDIRECT_URL)


def signed_out(request: Request) -> HttpResponse:
    """Close the session and what the browser kept of it, but for its cookies: a known browser stays known."""
    logout(request)
    messages.success(request, _("You are signed out."))
    response = redirect("accounts:sign-in")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


def on_this_host(request: Request, address: str) -> str:
    """``address`` if it lies on the host this request came to, else Home."""
    if url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
        return address
    return resolve_url(settings.LOGIN_REDIRECT_URL)
