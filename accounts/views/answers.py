"""How the pages of this room answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from core.errors import Invalid
from core.forms import show_refusal
from core.http import Request


def page(request: Request, template: str, *, form: forms.Form, **context: Any) -> HttpResponse:
    """The page with its form: 422 where the form came back with errors."""
    status = Invalid.status if form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def accepted(form: forms.Form, service: Callable[[], object]) -> bool:
    """Whether the form was filled in and the service took it; otherwise the form says why not."""
    if not form.is_valid():
        return False
    try:
        service()
    except Invalid as refusal:
        show_refusal(form, refusal)
        return False
    return True


def home() -> HttpResponse:
    return redirect(settings.LOGIN_REDIRECT_URL)


def on_this_host(request: Request, address: str) -> str:
    """``address`` if it lies on the host this request came to, else Home."""
    if url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
        return address
    return resolve_url(settings.LOGIN_REDIRECT_URL)
