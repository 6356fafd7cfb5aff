from core.models.audit import AuditCheck, AuditEvent, AuditSeal, Outcome
from core.models.base import PublicModel
from core.models.mail import Mail, MailState
from core.models.suppression import Suppression, SuppressionReason
from core.models.token import Token

__all__ = [
    "AuditCheck",
    "AuditEvent",
    "AuditSeal",
    "Mail",
    "MailState",
    "Outcome",
    "PublicModel",
    "Suppression",
    "SuppressionReason",
    "Token",
]
