"""Somebody who opens pages of the gateway, as a browser does."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from benchmarks.portal import Portal
from benchmarks.sign_in import Browser, notice_version

FILES = 5


class Reader:
    """A signed-in member with a delivered package, who opens home, lists and the package in turn."""

    def __init__(self, gateway: Portal) -> None:
        account = next(account for account in gateway.run["accounts"] if account.get("token"))
        package = _delivered(account)
        self._paths = ("/home/", "/sft/", "/sft/sent/", f"/sft/packages/{package}/")
        self._browser = Browser(int(urlsplit(gateway.run["base_url"]).port or 0), "127.0.0.1")
        self._browser.open("/sign-in/")
        self._browser.name(account["user_id"], notice_version())
        self._browser.post("/sign-in/password/", identifier=account["user_id"], password=account["password"])
        self._browser.rest()

    def read(self, *, seconds: float, breath: float) -> list[float]:
        """Milliseconds of each page until ``seconds`` are over, with a ``breath`` between two."""
        taken: list[float] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            path = self._paths[len(taken) % len(self._paths)]
            begun = time.perf_counter()
            self._browser.open(path)
            taken.append((time.perf_counter() - begun) * 1000)
            time.sleep(breath)
        self._browser.rest()
        return taken


def _delivered(account: dict[str, Any]) -> str:
    """A package of small files to a colleague; returns its id once it has been delivered."""
    from orgs.models import Membership
    from orgs.services import actors
    from sft import queries
    from sft.models import Package, PackageState
    from sft.services import delivery, drafts, recipients
    from transfers.services import uploads

    sender = Membership.objects.select_related("user").get(user__user_id=account["user_id"])
    actor = actors.of_member(sender)
    draft = drafts.start(actor, title="Brackets, second issue")
    recipients.add(actor, package=draft, who=queries.possible_recipients(actor)[0].user.email)
    for number in range(FILES):
        file = uploads.create(actor, subject=draft.pk, name=f"bracket-{number}.step", size=0)
        uploads.complete(actor, upload=file)
    delivery.send(actor, package=draft)
    deadline = time.monotonic() + 60
    while Package.objects.get(pk=draft.pk).state != PackageState.DELIVERED:
        if time.monotonic() > deadline:
            raise RuntimeError("The package was not delivered.")
        time.sleep(0.2)
    return str(draft.pk)
