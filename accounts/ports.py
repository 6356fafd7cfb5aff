"""What this floor needs from above: who may come in, what they must prove, who looks after them, and who is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.utils import timezone

from accounts.models import FactorReset, User
from accounts.proofs import EVERY_KIND, Proof
from core.actor import Actor
from core.outbox import Link
from core.policies import Decision
from core.ports import Port


class AccountListener(Protocol):
    def first_login_completed(self, user: User) -> None:
        """``user`` has been through First-Time Login. Called in the transaction that makes the account active."""


class SignInPolicy(Protocol):
    def may_sign_in(self, user: User) -> bool:
        """Whether there is something behind the door for ``user``; a refusal looks like a wrong password."""


@dataclass(frozen=True, slots=True)
class FactorRule:
    """What a person's second factor has to be: ``kinds`` are values of ``FactorKind``, never none of them.

    ``passkey_alone`` says that a passkey, with its own verification of the user, stands for the password too; ``grace`` is
    how long somebody may go on without a factor after being asked for one first.
    """

    required: bool
    kinds: frozenset[str] = EVERY_KIND
    passkey_alone: bool = True
    grace: timedelta = timedelta(0)

    def to_prove(self, held: frozenset[str]) -> frozenset[str]:
        """Which of the kinds that somebody has take them further: those that the rule allows; all where it allows none,
        since whoever sets up the right one shows first who they are.
        """
        return held & self.kinds or held

    def may_wait(self, asked_at: datetime | None) -> bool:
        """Whether somebody who was first asked for a factor then, or never yet, may still go on without."""
        now = timezone.now()
        return not self.required or now < (asked_at or now) + self.grace

    def is_met_by(self, proofs: Collection[str]) -> bool:
        """Whether whoever showed ``proofs`` showed a factor of the right kind; a recovery code stands in for any."""
        if Proof.PASSKEY in proofs and Proof.PASSWORD not in proofs and not self.passkey_alone:
            return False
        return bool(frozenset(proofs) & {*self.kinds, Proof.RECOVERY_CODE.value})


class FactorPolicy(Protocol):
    def rule_for(self, user: User) -> FactorRule:
        """The strictest of the rules that count for ``user``, whatever they open."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who can help ``User``: an administrator of theirs, and for which company.

    ``page`` is where this contact looks after that person.
    """

    name: str
    email: str
    company: str
    user: User
    page: Link | None = None


class Guardians(Protocol):
    """Who looks after a person's account."""

    def contacts_of(self, user: User) -> Sequence[Contact]:
        """Their active Organization Administrators other than themselves; none for operator staff."""

    def can_look_after(self, actor: Actor, user: User) -> Decision:
        """Whether ``actor`` may unlock, vouch for, or end sessions of ``user``: an administrator of theirs, or staff."""

    def factor_reset_asked(self, reset: FactorReset) -> None:
        """Tell the contacts of its person that one of them has to vouch. Called in the transaction that makes the request."""

    def factor_reset_done(self, reset: FactorReset) -> None:
        """Tell them to hand over a One-Time Password. Called in the transaction that removes the factors."""


class AddressPolicy(Protocol):
    """Which e-mail addresses people may have."""

    def refusal(self, address: str) -> str:
        """The sentence that says why ``address`` is none to have; empty where it is one."""


account_listener: Port[AccountListener] = Port("accounts.account_listener")
sign_in_policy: Port[SignInPolicy] = Port("accounts.sign_in_policy")
factor_policy: Port[FactorPolicy] = Port("accounts.factor_policy")
guardians: Port[Guardians] = Port("accounts.guardians")
address_policy: Port[AddressPolicy] = Port("accounts.address_policy")
