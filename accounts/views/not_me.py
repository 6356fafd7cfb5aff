"""“This was not me”: the page behind the link of a mail about a new browser. Looking at it changes nothing."""

from __future__ import annotations

from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.services import devices
from core.errors import Gone, NotFound
from core.http import Request


@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: Request, token: str) -> HttpResponse:
    try:
        if request.method == "POST":
            return _disowned(request, token)
        return render(request, "accounts/not_me.html", {"person": devices.person_of(token)})
    except (Gone, NotFound) as ended:
        return render(request, "accounts/not_me_ended.html", status=ended.status)


def _disowned(request: Request, token: str) -> HttpResponse:
    person = devices.disown(request.actor, secret=token)
    if request.user == person:
        logout(request)
    return render(request, "accounts/not_me_done.html", {"person": person})
