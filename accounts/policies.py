"""What this floor itself forbids. Who administers whom is decided where memberships are known."""

from __future__ import annotations

from accounts.models import User
from core.actor import Actor
from core.policies import ALLOWED, Decision, refused


def can_shut_out(actor: Actor, user: User) -> Decision:
    """Suspend, close, or send back to First-Time Login."""
    if actor.user_id == user.id:
        return refused("You cannot do this to your own account. Ask somebody else with your role.")
    return ALLOWED
