"""Invitations: an e-mailed link by which one company, or the operator, brings another to the gateway.

An invitation is accepted when the operator approves the registration made with it, or when somebody of an organisation that
is there already takes it up. Until then its link leads back to that registration, and a denied company may use it again
(docs/decisions/0006-onboarding.md, 0009-invitations.md).
"""

from orgs.services.invitations.asking import ask_for_another
from orgs.services.invitations.batches import forget_files
from orgs.services.invitations.bounces import BouncedInvitations
from orgs.services.invitations.course import accept, expire_due, mark_opened, mark_started
from orgs.services.invitations.letters import LINK
from orgs.services.invitations.quota import MAILS_A_DAY
from orgs.services.invitations.reminders import remind_due
from orgs.services.invitations.sending import create, extend, resend, revoke

__all__ = [
    "LINK",
    "MAILS_A_DAY",
    "BouncedInvitations",
    "accept",
    "ask_for_another",
    "create",
    "expire_due",
    "extend",
    "forget_files",
    "mark_opened",
    "mark_started",
    "remind_due",
    "resend",
    "revoke",
]
