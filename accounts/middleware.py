"""What requests pass on account of who is signed in: the limits of their session, their time zone and their language."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from accounts import session_data
from accounts.clocks import zone_of
from accounts.models import User
from accounts.services import sessions
from accounts.session_store import PUBLIC_ID, SessionStore
from core.http import client_address
from core.middleware import GetResponse

# A page that asks by itself says so: nobody did anything, and the session ages on.
UNATTENDED = "X-Unattended"


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's, but a request that was under way while its session ended, or got another key, still gets its answer.

    It leaves the cookie alone then: what the browser holds by now may be the new key. What caches may keep for anybody
    comes with nobody's cookie.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if "public" in response.headers.get("Cache-Control", ""):
            return response
        try:
            super().process_response(request, response)
        except SessionInterrupted:
            return response
        cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie is not None and not cookie.value and not cast("SessionStore", request.session).was_ended:
            del response.cookies[settings.SESSION_COOKIE_NAME]
        return response


class SessionLimitsMiddleware:
    """Ends a session whose time is over, and lets any other live until it is idle for too long or too old."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_attended = UNATTENDED not in request.headers
        if isinstance(request.user, User):
            self._limit(request, request.user, is_attended=is_attended)
        elif is_attended and not request.session.is_empty():
            request.session.modified = True
        return self.get_response(request)

    def _limit(self, request: HttpRequest, user: User, *, is_attended: bool) -> None:
        if PUBLIC_ID not in request.session:
            session_data.open_for(request.session, proofs={}, ip=client_address(request), device="")
        if session_data.time_left(request.session, user) <= timedelta(0):
            sessions.run_out(user, key=request.session.session_key)
            logout(request)
        elif is_attended:
            session_data.touch(request.session, user)


class PersonalMiddleware:
    """Shows signed-in people times in their zone and words in their language, where the gateway speaks it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return self.get_response(request)
        if request.user.language in dict(settings.LANGUAGES):
            # LocaleMiddleware, further out, sets the language of every request.
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(zone_of(request.user)):
            return self.get_response(request)
