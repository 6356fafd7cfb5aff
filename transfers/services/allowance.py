"""How many uploads one person may begin, whatever their sizes: rows cost room too, and those of the audit trail stay."""

from __future__ import annotations

from django.conf import settings

from core import throttles
from core.actor import Actor
from core.errors import NotAllowed
from core.throttles import FailMode, Limit
from transfers.models import Concat, Upload
from transfers.models.upload import ENDED

# Far above what folders of small files need. Without Redis nobody's work is held up for it.
BEGUN = Limit("uploads begun by a person", "60000/hour", FailMode.OPEN)


def check_pace(actor: Actor) -> None:
    """Count one more upload of ``actor``. Raises ``TooMany``."""
    throttles.hit(BEGUN, str(actor.user_id))


def check_loose(actor: Actor, *, concat: Concat) -> None:
    """Raise ``NotAllowed`` where ``actor`` has as many files for nothing in particular as may be.

    Of requests at one moment some more may pass.
    """
    most = settings.UPLOAD_LOOSE_PER_USER
    # What joins others makes them fewer.
    allowed = 2 * most if concat == Concat.FINAL else most
    loose = Upload.objects.filter(owner=actor.user_id, subject=None).exclude(state__in=ENDED).order_by()
    if most and loose.values("pk")[allowed - 1 : allowed].exists():
        days = settings.UPLOAD_LOOSE_LIFETIME.days
        raise NotAllowed(
            f"You have {most:,} files here that belong to no package, and more are not taken. Put them to use or remove"
            f" some; those that nobody uses are deleted {days} day{'' if days == 1 else 's'} after they were stored.",
            code="too_many_files",
        )
