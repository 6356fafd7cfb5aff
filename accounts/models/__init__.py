from accounts.models.user import User, UserState

# isort: split
# The models of django-otp-webauthn ask for the user model when they are imported, so it comes first.
from accounts.models.access_token import AccessToken, Scope
from accounts.models.device import KnownDevice
from accounts.models.email_change import EmailChange
from accounts.models.factors import (
    AuthenticatorApp,
    FactorReset,
    FactorResetState,
    Passkey,
    PasskeyAttestation,
    RecoveryCode,
)
from accounts.models.notice import Notice, NoticeAcceptance, NoticeKind
from accounts.models.one_time_password import OneTimePassword
from accounts.models.session import Session

__all__ = [
    "AccessToken",
    "AuthenticatorApp",
    "EmailChange",
    "FactorReset",
    "FactorResetState",
    "KnownDevice",
    "Notice",
    "NoticeAcceptance",
    "NoticeKind",
    "OneTimePassword",
    "Passkey",
    "PasskeyAttestation",
    "RecoveryCode",
    "Scope",
    "Session",
    "User",
    "UserState",
]
