"""Which tone a state is shown in. The tone never speaks alone: every badge also has words and an icon.

success: it is done, or can be used · info: the gateway is working on it · warning: somebody has to act ·
danger: refused, broken or stopped · neutral: not begun, or over.
"""

from __future__ import annotations

from typing import Any

SUCCESS, INFO, WARNING, DANGER, NEUTRAL = "success", "info", "warning", "danger", "neutral"

# The picture in a badge of each tone.
MARKS = {SUCCESS: "success", INFO: "moving", WARNING: "clock", DANGER: "danger", NEUTRAL: "neutral"}

_STATES_BY_TONE = {
    SUCCESS: "accepted active approved delivered done downloaded granted merged pushed stored",
    INFO: (
        "notified opened processing promised pushing queued receiving sending sent staged started submitted uploading "
        "verifying"
    ),
    WARNING: (
        "asked confirmed first_login info_requested invited missing pending pending_aa pending_owner requested "
        "unconfirmed vouched"
    ),
    DANGER: "bounced denied failed quarantined refused suspended",
    NEUTRAL: "aborted closed draft ended expired inactive purged revoked suppressed withdrawn",
}

TONES: dict[str, str] = {state: tone for tone, states in _STATES_BY_TONE.items() for state in states.split()}

# A word that means something else for one kind of object.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("mail", "sent"): SUCCESS,
    ("invitation", "pending"): INFO,
    ("recipient", "pending"): NEUTRAL,
}


def tone_of(obj: Any) -> str:
    """The tone of ``obj.state``; a state nobody listed is neutral."""
    state = str(obj.state)
    kind = type(obj).__name__.lower()
    return EXCEPTIONS.get((kind, state), TONES.get(state, NEUTRAL))
