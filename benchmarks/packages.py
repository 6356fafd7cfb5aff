"""A package of many files of one size, sent and delivered, for whoever measures how it is fetched.

``python -m benchmarks.packages BYTES COUNT`` makes one by the gateway's own services and prints it as JSON: it runs in the
environment of the gateway that is measured.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

from benchmarks.portal import REPOSITORY, Portal

STORED_WITHIN_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Made:
    """A delivered package of ``count`` files: its key, and the ``Cookie`` header of its recipient."""

    package: str
    cookie: str
    count: int

    @property
    def path(self) -> str:
        return f"/sft/packages/{self.package}/zip/"

    def receipts(self) -> int:
        """How often a file of it has been recorded as downloaded."""
        from sft.models import FileDownload

        return FileDownload.objects.filter(file__package_id=UUID(self.package)).count()


def make(gateway: Portal, *, size: int, count: int) -> Made:
    """Send ``count`` files of ``size`` bytes as one package, and wait until it is delivered."""
    command = (sys.executable, "-m", "benchmarks.packages", str(size), str(count))
    done = subprocess.run(
        command, cwd=REPOSITORY, env=gateway.environment(), check=True, stdout=subprocess.PIPE, text=True
    )
    return Made(**json.loads(done.stdout), count=count)


def _main(size: int, count: int) -> dict[str, str]:
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client

    from sft.models import Package, PackageState
    from sft.services import delivery, drafts, recipients

    sender, recipient = _two_members()
    package = drafts.start(sender, title=f"{count} files of {size} bytes")
    recipients.add(sender, package=package, who=str(recipient.pk))
    for number in range(count):
        _send(sender, package.pk, f"{number:05}.bin", os.urandom(size))
    delivery.send(sender, package=package)
    deadline = time.monotonic() + STORED_WITHIN_SECONDS
    while Package.objects.get(pk=package.pk).state != PackageState.DELIVERED:
        if time.monotonic() > deadline:
            raise RuntimeError("The package was not delivered in time.")
        time.sleep(0.2)
    browser = Client()
    browser.force_login(recipient.user)
    name = settings.SESSION_COOKIE_NAME
    return {"package": str(package.pk), "cookie": f"{name}={browser.cookies[name].value}"}


def _two_members() -> tuple[Any, Any]:
    """Two people of the demonstration data with access to the workspace: the first as an actor, the other as a membership."""
    from orgs.services import actors
    from sft.models import AccessGrant, AccessGrantState

    grants = AccessGrant.objects.filter(state=AccessGrantState.ACTIVE).select_related("membership__user")
    first, second = (grant.membership for grant in grants.order_by("created_at")[:2])
    return actors.of_member(first), second


def _send(actor: Any, package: Any, name: str, content: bytes) -> None:
    from transfers.services import parts, uploads
    from transfers.services.parts import Announced

    upload = uploads.create(actor, subject=package, name=name, size=len(content))
    for number in range(1, (upload.part_count or 0) + 1):
        body = content[(number - 1) * upload.part_size : number * upload.part_size]
        announced = Announced(number=number, length=len(body), sha256=hashlib.sha256(body).hexdigest())
        parts.receive(actor, upload=upload, announced=announced, read=BytesIO(body).read)
    uploads.complete(actor, upload=upload)


if __name__ == "__main__":
    print(json.dumps(_main(*map(int, sys.argv[1:]))))
