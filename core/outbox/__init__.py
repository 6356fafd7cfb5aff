"""The outbox: mail is a row first, in the transaction that decided it, and leaves by a worker afterwards.

A broker that is down delays mail until the next sweep and loses none. What becomes of a message is on its row: sent, to be
tried again, failed for good (a dead letter), suppressed, or come back; docs/decisions/0008-outbox.md says why.
"""

from core.outbox.bounces import bounce
from core.outbox.delivery import CLAIM_LIFETIME, GRACE, OUTBOX, WAITS, let_go, resend, send, sweep
from core.outbox.letters import Link, Rendered, enqueue, letter, post, post_many, render

__all__ = [
    "CLAIM_LIFETIME",
    "GRACE",
    "OUTBOX",
    "WAITS",
    "Link",
    "Rendered",
    "bounce",
    "enqueue",
    "let_go",
    "letter",
    "post",
    "post_many",
    "render",
    "resend",
    "send",
    "sweep",
]
