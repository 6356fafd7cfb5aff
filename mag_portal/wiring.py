"""Which implementation stands behind each port. The only place that knows both sides."""

from __future__ import annotations


def bind() -> None:
    """Bind every port of the lower floors; called once at start."""
    from core.ports import actor_resolver
    from orgs.services.actors import MembershipActorResolver

    actor_resolver.bind(MembershipActorResolver())
