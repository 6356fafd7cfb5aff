"""Who may do what with a file in quarantine, and who parks uploads. Pure: a decision is handed what it needs."""

from __future__ import annotations

from core.actor import Actor, ActorKind
from core.policies import ALLOWED, Decision, refused
from transfers.models import QuarantineRelease, ReleaseState, Upload, UploadState

STAFF_ONLY = "What lies in quarantine is decided by the operator's staff."
ENDED = "This file is no longer in quarantine."
OWN_REQUEST = "You asked for this release yourself. A colleague has to decide on it."


def can_ask_release(actor: Actor, upload: Upload, open_release: QuarantineRelease | None) -> Decision:
    """Ask for a quarantined file to be let through: staff, once at a time."""
    if not actor.is_staff or actor.user_id is None:
        return refused(STAFF_ONLY)
    if upload.state != UploadState.QUARANTINED:
        return refused(ENDED)
    if open_release is not None:
        return refused("Its release has been asked for already. A colleague of whoever asked decides.")
    return ALLOWED


def can_decide_release(actor: Actor, release: QuarantineRelease) -> Decision:
    """Release, or refuse to: another member of staff than whoever asked."""
    if not actor.is_staff or actor.user_id is None:
        return refused(STAFF_ONLY)
    if release.state != ReleaseState.ASKED:
        return refused("This request has been decided.")
    if release.asked_by_id == actor.user_id:
        return refused(OWN_REQUEST)
    return ALLOWED


def can_condemn(actor: Actor, upload: Upload, open_release: QuarantineRelease | None) -> Decision:
    """Delete a quarantined file for good: staff; while its release is asked for, another one than whoever asked."""
    if not actor.is_staff or actor.user_id is None:
        return refused(STAFF_ONLY)
    if upload.state != UploadState.QUARANTINED:
        return refused(ENDED)
    if open_release is not None and open_release.asked_by_id == actor.user_id:
        return refused("You asked for its release. A colleague has to decide on that first.")
    return ALLOWED


def can_maintain(actor: Actor) -> Decision:
    """Park all uploads, and let them go on: staff, and whoever may run the gateway's commands."""
    if actor.is_staff or actor.kind is ActorKind.SYSTEM:
        return ALLOWED
    return refused("Maintenance is begun and ended by the operator's staff.")
