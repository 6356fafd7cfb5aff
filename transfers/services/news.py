"""What the operator's staff are told of quarantine by mail: the first file at once, then at most one mail an hour.

Without the files' names, which are their people's only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.queries import operator_staff
from core import outbox
from core.actor import Actor
from core.outbox import Link
from transfers.models import QuarantineNews, Upload, UploadState

AT_MOST_EVERY = timedelta(hours=1)


def file_came(upload: Upload) -> None:
    """A file came into quarantine: tell of it now, or with the next mail. Needs a transaction."""
    news = _held()
    if _has_rest(news):
        news.untold += 1
    else:
        _tell("file_quarantined", context=_about(upload), links=_link_to(upload), about=upload.pk)
        news.told_at = timezone.now()
    news.save(update_fields=["told_at", "untold"])


def tell_of_others() -> int:
    """Tell of the files that came since the last mail, once its hour is over; returns how many."""
    if not QuarantineNews.objects.filter(untold__gt=0).exists():
        return 0
    with transaction.atomic():
        news = _held()
        if not news.untold or _has_rest(news):
            return 0
        came, news.untold, news.told_at = news.untold, 0, timezone.now()
        news.save(update_fields=["told_at", "untold"])
        waiting = Upload.objects.filter(state=UploadState.QUARANTINED).count()
        if waiting:
            links = {"queue": Link("admin:transfers_quarantinedupload_changelist")}
            _tell("files_quarantined", context={"came": came, "waiting": waiting}, links=links)
    return came


def release_asked(upload: Upload, *, by: Actor, reason: str) -> None:
    """A colleague asks for a file to be let through: another one of the staff decides."""
    context = {**_about(upload), "reason": reason, "person": by.label}
    _tell("release_asked", context=context, links=_link_to(upload), about=upload.pk, but=by)


def _has_rest(news: QuarantineNews) -> bool:
    return news.told_at is not None and timezone.now() < news.told_at + AT_MOST_EVERY


def _held() -> QuarantineNews:
    """The one row, held until the transaction ends."""
    return QuarantineNews.objects.select_for_update().get_or_create(pk=1)[0]


def _about(upload: Upload) -> dict[str, object]:
    return {"finding": upload.scan_finding, "size": upload.size, "sender_user_id": upload.owner.user_id}


def _link_to(upload: Upload) -> dict[str, Link]:
    return {"file": Link("admin:transfers_quarantinedupload_change", {"object_id": str(upload.pk)})}


def _tell(
    template: str,
    *,
    context: Mapping[str, object],
    links: Mapping[str, Link],
    about: UUID | None = None,
    but: Actor | None = None,
) -> None:
    for person in operator_staff():
        if but is not None and person.pk == but.user_id:
            continue
        outbox.enqueue(
            f"transfers/mail/{template}",
            to=person.email,
            language=person.language,
            context={"name": person.first_name, **context},
            links=links,
            about=about,
        )
