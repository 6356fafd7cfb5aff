"""What signed-in requests pass: the limits of their session."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import session_data
from accounts.models import User
from accounts.session_store import PUBLIC_ID
from core.http import client_address
from core.middleware import GetResponse


class SessionLimitsMiddleware:
    """Ends a session whose time is over, and lets any other live until it is idle for too long or too old."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if isinstance(request.user, User):
            self._limit(request, request.user)
        return self.get_response(request)

    def _limit(self, request: HttpRequest, user: User) -> None:
        if PUBLIC_ID not in request.session:
            session_data.open_for(request.session, proofs={}, ip=client_address(request), device="")
        left = session_data.time_left(request.session, user)
        if left <= timedelta(0):
            logout(request)
            return
        request.session.set_expiry(int(left.total_seconds()) or 1)
