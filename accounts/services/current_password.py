"""The password that somebody who is signed in types once more, wherever they are asked for it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from accounts.models import User
from accounts.services import limits
from core import audit, throttles
from core.actor import Actor
from core.errors import Invalid
from core.models import Outcome

WRONG = "This is not your password. Check what you typed and try again."


def prove(actor: Actor, *, user: User, given: str, field: str, action: str) -> None:
    """Raises ``Invalid`` beside ``field`` for a wrong one, which is recorded as a refusal of ``action`` and counts among the
    wrong passwords in a row that switch a password off; ``TooMany`` or ``Unavailable`` by the limit.
    """
    throttles.hit(limits.CURRENT_PASSWORD, str(user.id))
    is_right = user.check_password(given)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(failed_tries=0 if is_right else F("failed_tries") + 1)
        if not is_right:
            audit.record(actor, action, user, outcome=Outcome.REFUSED, reason="wrong password")
    if not is_right:
        raise Invalid(fields={field: WRONG})
    throttles.forget(limits.CURRENT_PASSWORD, str(user.id))
