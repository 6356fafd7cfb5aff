"""Which implementation stands behind each port. The only place that knows both sides."""

from __future__ import annotations


def bind() -> None:
    """Bind every port of the lower floors; called once at start."""
