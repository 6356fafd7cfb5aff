"""The audit trail: one function writes it, one checks it.

An event is written in the transaction of what it tells about, so that neither exists without the other. A trigger seals it
at commit: ``digest = SHA-256(previous digest ‖ material(event))``, one chain an organisation (see ``seals.material``).

``trail`` searches, ``words`` says events in words, ``exports`` writes them out with a manifest that ``signing`` signs,
``refusals`` records what somebody was not allowed to do, ``checks`` keeps what verifying found.
"""

from core.audit.seals import GENESIS, Verification, material, verify
from core.audit.writing import record, record_many

__all__ = ["GENESIS", "Verification", "material", "record", "record_many", "verify"]
