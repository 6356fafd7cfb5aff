"""What the gateway adds to a request, what it reads from one, and answers that several rooms give."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

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


def actor_of(request: HttpRequest) -> Actor:
    """Who is behind a request, also behind one that ended before the gateway's middleware could say."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is not None:
        return actor
    return Actor.anonymous(ip=client_address(request), request_id=getattr(request, "request_id", ""))


def asked_for(request: HttpRequest) -> dict[str, str]:
    """What a request is for, as the audit trail keeps it: by the name of its page, since a path can hold a secret."""
    match = request.resolver_match
    page = match.view_name if match else ""
    key = str(match.kwargs.get("pk", "")) if match else ""
    return {"method": str(request.method), "page": page, **({"object": key} if key else {})}


def archive(pieces: Iterator[bytes], *, name: str) -> StreamingHttpResponse:
    """A ZIP archive as a download, called ``name`` and the time."""
    answer = StreamingHttpResponse(pieces, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{timezone.now():%Y%m%d-%H%M%S}.zip"'
    return answer
