"""Addresses that only tests of the ground floor know."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from core import errors
from core.http import Request
from core.views import health

REFUSALS = {
    error.code: error
    for error in (
        errors.NotAllowed,
        errors.SignInRequired,
        errors.NotFound,
        errors.Conflict,
        errors.Gone,
        errors.TooLarge,
        errors.Unavailable,
    )
}


def door(request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse(token)


def refuse(request: HttpRequest, code: str) -> HttpResponse:
    if code == "too_many":
        raise errors.TooMany(retry_after=90)
    if code == "invalid":
        raise errors.Invalid("Look again.", fields={"name": "Enter a name."})
    if code == "broken":
        raise RuntimeError("secret internals")
    raise REFUSALS[code]


def broken_off(request: HttpRequest) -> HttpResponse:
    """The database ends the connection, as it does when it is stopped."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        cursor.execute("SELECT 1")
    return HttpResponse()


def whoami(request: Request) -> HttpResponse:
    return HttpResponse(f"{request.actor.label} {request.actor.ip}")


handler400 = "core.views.errors.bad_request"
handler403 = "core.views.errors.permission_denied"
handler404 = "core.views.errors.page_not_found"
handler500 = "core.views.errors.server_error"
urlpatterns = [
    path("door/<str:token>/", door, name="door"),
    path("refuse/<str:code>/", refuse),
    path("broken-off/", broken_off),
    path("whoami/", whoami),
    path("healthz", health.live, name="live"),
]
