"""What this floor itself forbids. Who administers whom is decided where memberships are known."""

from __future__ import annotations

from accounts.models import FactorReset, User
from core.actor import Actor
from core.policies import ALLOWED, Decision, refused


def can_shut_out(actor: Actor, user: User) -> Decision:
    """Suspend, close, or send back to First-Time Login."""
    if actor.user_id == user.id:
        return refused("You cannot do this to your own account. Ask somebody else with your role.")
    return ALLOWED


def can_publish_notices(actor: Actor) -> Decision:
    """Put another version of the system-use notice or of the terms into force."""
    return ALLOWED if actor.is_staff else refused("Only the operator's staff publish notices.")


def can_vouch(actor: Actor, *, looks_after: Decision, has_contacts: bool) -> Decision:
    """Say that it is the owner of the account who asks to have lost second factors removed.

    ``looks_after`` is what the room above says of ``actor`` and the owner of the account, ``has_contacts`` whether the owner
    has an administrator: staff stand in only where there is none, so that two persons always know of it.
    """
    if not looks_after:
        return looks_after
    if actor.is_staff and has_contacts:
        return refused("An Organization Administrator of this person has to confirm first who it is. Call them.")
    return ALLOWED


def can_complete_reset(actor: Actor, reset: FactorReset) -> Decision:
    """Remove the second factors, once somebody else has vouched."""
    if not actor.is_staff:
        return refused("Second factors are removed by operator staff.")
    if actor.user_id == reset.user_id:
        return refused("You cannot do this to your own account. Ask somebody else with your role.")
    if actor.user_id == reset.vouched_by_id:
        return refused("You confirmed who it is, so somebody else has to remove the second factors.")
    return ALLOWED


def can_edit(actor: Actor, user: User) -> Decision:
    """Change what the owner of an account decides: how to reach them, and what they are told."""
    if actor.user_id == user.id:
        return ALLOWED
    return refused("Only the owner of an account changes this.")


def can_make_access_token(actor: Actor, user: User) -> Decision:
    """Let a program in as ``user``: one's own account, and none with the rights of the operator."""
    if actor.user_id != user.id:
        return refused("Only the owner of an account makes access tokens for it.")
    if user.is_staff:
        return refused(
            "Operator staff have no access tokens: they work in the browser, and no program does in their name."
        )
    return ALLOWED
