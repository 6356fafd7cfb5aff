"""What people accept: the system-use notice before they sign in, and the terms of the gateway.

A version is published once and never changed. Whoever has not accepted the terms in force is asked at their next sign-in;
the notice stands above every sign-in, and going on there accepts it.
"""

from __future__ import annotations

from django.db import transaction

from accounts import policies, queries
from accounts.models import Notice, NoticeAcceptance, NoticeKind, User
from core import audit, texts
from core.actor import Actor
from core.errors import Conflict, Invalid

LONGEST = 20_000
THE_SAME = "These are the words of version {version}, which is in force already. Change them first."
ANOTHER_CAME = (
    "Somebody has published another version meanwhile: it stands below. Publish yours only if it is to replace that."
)


def publish(actor: Actor, *, kind: str, text: str, instead_of: int) -> Notice:
    """Put the next version into force, for everybody, at once; ``instead_of`` is the version that was looked at.

    Raises ``Invalid`` with ``fields["text"]``, ``NotAllowed`` for whoever is not of the operator's staff, and ``Conflict``
    when another version came between.
    """
    policies.can_publish_notices(actor).enforce()
    text = texts.required(
        text.replace("\r\n", "\n"), missing="Write what people are to read.", field="text", longest=LONGEST
    )
    with transaction.atomic():
        # One after the other: the second of two sees what the first has published.
        list(Notice.objects.select_for_update().filter(kind=kind).values_list("pk"))
        current = queries.current_notice(NoticeKind(kind))
        version = current.version if current else 0
        if version != instead_of:
            raise Conflict(ANOTHER_CAME)
        if current is not None and current.text == text:
            raise Invalid(fields={"text": THE_SAME.format(version=version)})
        notice = Notice.objects.create(kind=kind, version=version + 1, text=text, published_by_id=actor.user_id)
        audit.record(actor, "accounts.notice.publish", notice, data={"notice": kind, "version": notice.version})
    return notice


def accept(actor: Actor, *, user: User, notice: Notice) -> None:
    """Record that ``user`` accepted this version; once, however often it is said."""
    with transaction.atomic():
        _, is_new = NoticeAcceptance.objects.get_or_create(notice=notice, user=user, defaults={"ip": actor.ip})
        if is_new:
            audit.record(actor, "accounts.notice.accept", user, data={"notice": notice.kind, "version": notice.version})


def accept_shown(actor: Actor, *, user: User, version: int | None) -> None:
    """Record that ``user`` went on below this version of the system-use notice; nothing where none was shown."""
    shown = queries.notice(NoticeKind.SYSTEM_USE, version)
    if shown is not None:
        accept(actor, user=user, notice=shown)
