"""How often somebody may try. All of these refuse when Redis does not answer.

What people type is counted under a keyed digest: a password typed into the wrong field must not lie in Redis.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.crypto import salted_hmac

from core import throttles
from core.actor import Actor
from core.throttles import FailMode, Limit


def _limit(name: str, rate: str) -> Limit:
    return Limit(name, rate, FailMode.CLOSED)


@dataclass(frozen=True, slots=True)
class Door:
    """A door that opens to a secret.

    Tries for one account from one address are few, from everywhere together somewhat more, so that a stranger elsewhere
    does not shut the owner out at once. Against an address only failures count: a whole company may share one.
    """

    account_here: Limit
    account: Limit
    address: Limit

    def knock(self, actor: Actor, account: str) -> None:
        """Count a try on ``account``. Raises ``TooMany`` or ``Unavailable``."""
        throttles.ensure_below(self.address, _address(actor))
        throttles.hit(self.account_here, _digest(account), _address(actor))
        throttles.hit(self.account, _digest(account))

    def refused(self, actor: Actor) -> None:
        """Count a failure against the address the actor came from."""
        throttles.hit(self.address, _address(actor))

    def opened(self, actor: Actor, account: str) -> None:
        """Forget the tries on ``account`` after a success."""
        throttles.forget(self.account_here, _digest(account), _address(actor))
        throttles.forget(self.account, _digest(account))


SIGN_IN = Door(
    account_here=_limit("sign-in to an account from an address", "10/15minutes"),
    account=_limit("sign-in to an account", "100/hour"),
    address=_limit("refused sign-ins from an address", "60/15minutes"),
)
FIRST_LOGIN = Door(
    account_here=_limit("first login to an account from an address", "10/15minutes"),
    account=_limit("first login to an account", "30/hour"),
    address=_limit("refused first logins from an address", "30/15minutes"),
)
CURRENT_PASSWORD = _limit("current password", "10/15minutes")
ASSISTANCE_FOR = _limit("login assistance for a person", "5/hour")
ASSISTANCE_FROM = _limit("login assistance from an address", "30/hour")


def ask_for_assistance(actor: Actor, about: str) -> None:
    """Count a request for a mail about ``about``, whether or not there is such a person."""
    throttles.hit(ASSISTANCE_FROM, _address(actor))
    throttles.hit(ASSISTANCE_FOR, _digest(about.strip().lower()))


def _address(actor: Actor) -> str:
    return actor.ip or "unknown"


def _digest(text: str) -> str:
    return salted_hmac("accounts.limits", text, algorithm="sha256").hexdigest()
