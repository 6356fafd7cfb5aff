from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts import session_data
from accounts.models import User


def session(request: HttpRequest) -> dict[str, Any]:
    """How many seconds the session of a signed-in reader has left, whether it can be extended, and when to warn."""
    user = getattr(request, "user", None)
    # Where the database does not answer there is no session either.
    if not isinstance(user, User) or not hasattr(request, "session"):
        return {}
    left = session_data.limits_left(request.session, user)
    return {
        "session_left": max(1, int(left.shortest.total_seconds())),
        "session_can_extend": left.idle < left.absolute,
        "session_warning": int(settings.SESSION_WARNING.total_seconds()),
    }
