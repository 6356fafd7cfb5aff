"""What this floor needs from above: who else must agree to a sign-in, and who is told of a completed First-Time Login."""

from __future__ import annotations

from typing import Protocol

from accounts.models import User
from core.ports import Port


class AccountListener(Protocol):
    def first_login_completed(self, user: User) -> None:
        """``user`` has chosen their own password. Called in the transaction that makes the account active."""


class SignInPolicy(Protocol):
    def may_sign_in(self, user: User) -> bool:
        """Whether there is something behind the door for ``user``; a refusal looks like a wrong password."""


account_listener: Port[AccountListener] = Port("accounts.account_listener")
sign_in_policy: Port[SignInPolicy] = Port("accounts.sign_in_policy")
