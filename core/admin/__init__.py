"""The operator's view of the audit trail (read only), of the outbox and of the suppression list."""

from core.admin.audit import AuditEventAdmin
from core.admin.base import AbstractAdmin, DeskAdmin, ReadOnlyAdmin, desk_page, key
from core.admin.decisions import DecisionAdmin, WaitingFilter
from core.admin.mail import MailAdmin
from core.admin.suppression import SuppressionAdmin

__all__ = [
    "AbstractAdmin",
    "AuditEventAdmin",
    "DecisionAdmin",
    "DeskAdmin",
    "MailAdmin",
    "ReadOnlyAdmin",
    "SuppressionAdmin",
    "WaitingFilter",
    "desk_page",
    "key",
]
