"""Ending every access token of somebody, as a part of what shuts them out or renews what they sign in with."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import AccessToken, User
from core import audit, tokens
from core.actor import Actor


def revoke_all(actor: Actor, *, user: User, reason: str) -> int:
    """End every live access token of ``user``, and what was asked for with them; returns how many. ``reason`` is kept with
    each, for its owner to read.

    Asks nobody: whoever calls has decided it already.
    """
    with transaction.atomic():
        # One that is being made now is made first, and ends with the others.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        now = timezone.now()
        live = AccessToken.objects.filter(user=user, revoked_at=None, expires_at__gt=now)
        ids = list(live.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        count = AccessToken.objects.filter(pk__in=ids).update(revoked_at=now, ended_reason=reason[:500])
        if count:
            tokens.revoke_via(ids)
            audit.record(actor, "accounts.access_token.revoke_all", user, reason=reason, data={"tokens": count})
    return count
