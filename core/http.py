"""What the gateway adds to a request, and what it reads from one."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from core import addresses
from core.actor import Actor


class Request(HttpRequest):
    """The request as views see it, after the gateway's middleware. ``refusal`` is there once something was refused."""

    actor: Actor
    request_id: str
    refusal: Exception


def client_address(request: HttpRequest) -> str | None:
    """The address the request came from.

    ``X-Forwarded-For`` counts only behind ``TRUSTED_PROXY_COUNT`` proxies of our own, and then only the item that the
    outermost of them wrote: what a client put there itself lies further left and is not looked at.
    """
    candidate = request.META.get("REMOTE_ADDR", "")
    proxies: int = settings.TRUSTED_PROXY_COUNT
    if proxies:
        forwarded = [item.strip() for item in request.headers.get("X-Forwarded-For", "").split(",") if item.strip()]
        if len(forwarded) >= proxies:
            candidate = forwarded[-proxies]
    try:
        return addresses.plain(candidate)
    except ValueError:
        return None


def wants_json(request: HttpRequest) -> bool:
    """True for programs: the uploader and other clients that ask for JSON before HTML."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
