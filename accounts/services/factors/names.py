"""What their owners call their factors: one name once a person, whatever the kind."""

from __future__ import annotations

from accounts.models import AuthenticatorApp, Passkey, User
from core import texts
from core.errors import Invalid

LONGEST = 64
NAME_TAKEN = "You have another one of this name. Choose a name that tells them apart."
NAME_MISSING = "Give it a name that tells it from others, such as where you keep it."


def taken(user: User) -> set[str]:
    """The names that ``user`` has given so far, in lower case."""
    apps = AuthenticatorApp.objects.filter(user=user, confirmed=True).values_list("name", flat=True)
    passkeys = Passkey.objects.filter(user=user).values_list("name", flat=True)
    return {name.lower() for name in (*apps, *passkeys)}


def free(user: User, wish: str) -> str:
    """``wish``, or the first of ``wish 2``, ``wish 3`` … that is not taken."""
    names = taken(user)
    if wish.lower() not in names:
        return wish
    return next(name for number in range(2, len(names) + 3) if (name := f"{wish} {number}").lower() not in names)


def checked(user: User, name: str, *, but: str = "") -> str:
    """``name`` as it is kept. Raises ``Invalid`` with ``fields["name"]``; ``but`` is the name it may have already."""
    clean = texts.one_line(name)[:LONGEST]
    if not clean:
        raise Invalid(fields={"name": NAME_MISSING})
    if clean.lower() in taken(user) - {but.lower()}:
        raise Invalid(fields={"name": NAME_TAKEN})
    return clean
