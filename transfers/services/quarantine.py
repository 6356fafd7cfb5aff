"""Quarantine: a file that the malware scanner objects to is kept from everybody.

One member of the operator's staff may ask for it to be let through, another one decides; any of them may delete it for good.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from core import audit, states, texts, wakeups
from core.actor import Actor
from core.errors import Conflict
from transfers import policies
from transfers.models import QuarantineRelease, ReleaseState, Scan, Upload, UploadState
from transfers.ports import transfer_listener
from transfers.services import news, uploads
from transfers.services.verifying import Reading

LONGEST_REASON = 1000
NO_REASON = "Say why, in a sentence. It is kept, and the colleague who decides reads it."
HELD = "The malware scanner found {finding} in it. The operator’s staff decide; nobody can fetch it before that."
HELD_UNSEEN = (
    "It is larger than the malware scanner takes. The operator’s staff decide; nobody can fetch it before that."
)
CONDEMNED = "The malware scanner found something in this file, and the operator’s staff deleted it."
CONDEMNED_UNSEEN = "This file is larger than the malware scanner takes, and the operator’s staff deleted it."


def put_in(actor: Actor, *, upload: Upload, reading: Reading) -> Upload:
    """Keep a file from everybody that was read back whole; its room and the operator's staff are told."""
    finding = reading.verdict.finding
    why = HELD.format(finding=finding[:150]) if reading.verdict.scan == Scan.FOUND else HELD_UNSEEN
    with transaction.atomic():
        states.advance(
            upload,
            "quarantine",
            actor=actor,
            reason=finding or str(reading.verdict.scan.label),
            data={"sha256": reading.sha256, "size": upload.size},
            **reading.facts,
            claimed_at=None,
            due_at=None,
            last_error="",
        )
        _say(upload, why)
        transfer_listener().quarantined(upload)
        news.file_came(upload)
    return upload


def ask(actor: Actor, *, upload: Upload, reason: str) -> QuarantineRelease:
    """Ask for a file to be let through; the other members of staff are told.

    Raises ``NotAllowed``, ``Invalid`` without a reason, and ``Conflict`` when somebody was faster.
    """
    with transaction.atomic():
        held = _held(upload)
        policies.can_ask_release(actor, held, open_release(held)).enforce()
        assert actor.user_id is not None  # noqa: S101 - the policy lets nobody else through
        why = _reason(reason)
        asked = QuarantineRelease.objects.create(upload=held, reason=why, asked_by_id=actor.user_id)
        audit.record(actor, "transfers.quarantinerelease.ask", asked, reason=why, data={"upload": str(held.pk)})
        news.release_asked(held, by=actor, reason=why)
    return asked


def release(actor: Actor, *, asked: QuarantineRelease, reason: str) -> Upload:
    """Let the file through that a colleague asked for: it is stored from now on, and its room is told.

    Raises ``NotAllowed`` for whoever asked, ``Invalid`` without a reason, and ``Conflict`` when it was decided meanwhile.
    """
    with transaction.atomic():
        held = _held(asked.upload)
        _decide(actor, asked, "grant", reason)
        now = timezone.now()
        kept = uploads.kept_from(held, now)
        states.advance(held, "release", actor=actor, reason=asked.decision_reason, data={"sha256": held.sha256}, **kept)
        _say(held, "")
        transfer_listener().stored(held)
    return held


def refuse(actor: Actor, *, asked: QuarantineRelease, reason: str) -> QuarantineRelease:
    """Leave the file where it is. Raises as ``release``."""
    with transaction.atomic():
        _held(asked.upload)
        return _decide(actor, asked, "refuse", reason)


def condemn(actor: Actor, *, upload: Upload, reason: str) -> Upload:
    """Delete the file for good; whoever sent it is told. A request for its release, of a colleague, is refused with that.

    Raises ``NotAllowed``, ``Invalid`` without a reason, and ``Conflict`` when it is no longer in quarantine.
    """
    with transaction.atomic():
        held = _held(upload)
        asked = open_release(held)
        policies.can_condemn(actor, held, asked).enforce()
        why = _reason(reason)
        if asked is not None:
            _decide(actor, asked, "refuse", why)
        states.advance(held, "condemn", actor=actor, reason=why, data={"finding": held.scan_finding})
        _say(held, CONDEMNED if held.scan == Scan.FOUND else CONDEMNED_UNSEEN)
        transfer_listener().failed(held, held.reason)
        wakeups.after_commit("transfers.tasks.clean_up", str(held.pk))
    return held


def was_released(upload: Upload) -> bool:
    """Whether staff have let the file through."""
    is_suspect = upload.scan in {Scan.FOUND, Scan.TOO_LARGE}
    return is_suspect and upload.releases.filter(state=ReleaseState.GRANTED).exists()


def is_condemned(upload: Upload) -> bool:
    """Whether staff have deleted the file."""
    return upload.state == UploadState.FAILED and upload.reason in {CONDEMNED, CONDEMNED_UNSEEN}


def open_release(upload: Upload) -> QuarantineRelease | None:
    """The request for the upload's release that waits for somebody."""
    return upload.releases.filter(state=ReleaseState.ASKED).select_related("asked_by").first()


def _say(upload: Upload, reason: str) -> None:
    """What the upload's sender reads of it."""
    Upload.objects.filter(pk=upload.pk).update(reason=reason)
    upload.reason = reason


def _decide(actor: Actor, asked: QuarantineRelease, action: str, reason: str) -> QuarantineRelease:
    asked.refresh_from_db()
    if asked.state != ReleaseState.ASKED:
        raise Conflict("A colleague has decided on this request meanwhile. Look at the file again.")
    policies.can_decide_release(actor, asked).enforce()
    why = _reason(reason)
    return states.advance(
        asked,
        action,
        actor=actor,
        reason=why,
        data={"upload": str(asked.upload_id)},
        decided_by_id=actor.user_id,
        decided_at=timezone.now(),
        decision_reason=why,
    )


def _held(upload: Upload) -> Upload:
    """The row as it is now, held until the transaction ends. Raises ``Conflict`` where it has left quarantine."""
    held = Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
    if held.state != UploadState.QUARANTINED:
        raise Conflict(policies.ENDED)
    return held


def _reason(text: str) -> str:
    return texts.required(text, missing=NO_REASON, longest=LONGEST_REASON)
