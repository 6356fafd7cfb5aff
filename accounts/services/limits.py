"""How often somebody may try. All of these but one refuse when Redis does not answer.

What people type is counted under a keyed digest: a password typed into the wrong field must not lie in Redis.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.crypto import salted_hmac

from core import throttles, waits
from core.actor import Actor
from core.errors import Unavailable
from core.throttles import FailMode, Limit
from core.waits import Counted, GrowingWait

CANNOT_COUNT = (
    "Nobody can sign in for the moment: the gateway cannot count tries just now, and lets nobody guess uncounted. "
    "Whoever is signed in stays so. Wait a minute and try again."
)


def _limit(name: str, rate: str) -> Limit:
    return Limit(name, rate, FailMode.CLOSED)


@dataclass(frozen=True, slots=True)
class Door:
    """A door that opens to a secret.

    Tries on one name from one address wait longer and longer, from everywhere together they are somewhat more, so that a
    stranger elsewhere does not shut the owner out at once. Against an address only failures count: a whole company may share
    one. Names count as they are typed, known or not: whether two of them are the same person shows nowhere.
    """

    here: GrowingWait
    everywhere: Limit
    address: Limit

    def knock(self, actor: Actor, name: str) -> Counted:
        """Count a try on ``name``. Raises ``TooMany`` or ``Unavailable``."""
        try:
            throttles.ensure_below(self.address, _address(actor))
            counted = waits.count(self.here, _digest(name), _address(actor))
            throttles.hit(self.everywhere, _digest(name))
        except Unavailable as unavailable:
            raise Unavailable(CANNOT_COUNT) from unavailable
        return counted

    def refused(self, actor: Actor) -> None:
        """Count a failure against the address the actor came from."""
        throttles.hit(self.address, _address(actor))

    def opened(self, actor: Actor, name: str) -> None:
        """Forget the tries on ``name`` from there after a success."""
        waits.start_over(self.here, _digest(name), _address(actor))
        throttles.forget(self.everywhere, _digest(name))

    def unlock(self, name: str) -> None:
        """Forget the tries on ``name`` from everywhere."""
        waits.start_over(self.here, _digest(name))
        throttles.forget(self.everywhere, _digest(name))

    def left(self, name: str) -> timedelta:
        """How long the address that waits longest for ``name`` still has to."""
        return waits.left(self.here, _digest(name))


# Five wrong tries are answered at once; then it is half a minute, one, two, four … and an hour at the most.
SIGN_IN = Door(
    here=GrowingWait(
        "sign-in to an account from an address", free=5, first=timedelta(seconds=30), longest=timedelta(hours=1)
    ),
    everywhere=_limit("sign-in to an account", "100/hour"),
    address=_limit("refused sign-ins from an address", "60/15minutes"),
)
FIRST_LOGIN = Door(
    here=GrowingWait(
        "first login to an account from an address", free=5, first=timedelta(seconds=30), longest=timedelta(hours=1)
    ),
    everywhere=_limit("first login to an account", "30/hour"),
    address=_limit("refused first logins from an address", "30/15minutes"),
)
CURRENT_PASSWORD = _limit("current password", "10/15minutes")
# Nobody guesses 256 bits: this only quiets a broken program, and those with a good token are not asked.
UNKNOWN_ACCESS_TOKENS = Limit("unknown access tokens from an address", "60/15minutes", FailMode.OPEN)
EMAIL_CHANGES = _limit("changes of an e-mail address", "5/hour")
ASSISTANCE_FOR = _limit("login assistance for a person", "5/hour")
ASSISTANCE_FROM = _limit("login assistance from an address", "30/hour")
ASKING_CONTACTS = _limit("asking those who look after a person", "3/day")


def ask_for_assistance(actor: Actor, about: str) -> None:
    """Count a request for a mail about ``about``, whether or not there is such a person."""
    throttles.hit(ASSISTANCE_FROM, _address(actor))
    throttles.hit(ASSISTANCE_FOR, _digest(about))


def _address(actor: Actor) -> str:
    return actor.ip or "unknown"


def _digest(text: str) -> str:
    return salted_hmac("accounts.limits", text.strip().lower(), algorithm="sha256").hexdigest()
