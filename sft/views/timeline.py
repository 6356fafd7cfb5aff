"""What has happened to a package and what comes next, for whoever looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sft.access import SeenPackage
from sft.models import Package, PackageState, Recipient

DONE, CURRENT, TODO = "done", "current", "todo"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of ``components/timeline.html``."""

    label: str
    at: datetime | None
    state: str = DONE
    who: str = ""
    detail: str = ""


def timeline_of(seen: SeenPackage, recipients: Sequence[Recipient]) -> list[Entry]:
    """The sender sees the whole way and every recipient; a recipient sees delivery and what they did themselves."""
    if seen.recipient is not None:
        return [_delivered(seen.package), *_steps_of(seen.recipient, who="You")]
    entries = _way(seen.package)
    for recipient in recipients:
        entries += _steps_of(recipient, who=recipient.membership.user.full_name)
    done = sorted((entry for entry in entries if entry.at), key=lambda entry: entry.at or seen.package.created_at)
    return done + [entry for entry in entries if not entry.at]


def _way(package: Package) -> list[Entry]:
    sender = package.sender.user.full_name
    entries = [Entry("Started", package.created_at, who=sender), Entry("Sent", package.sent_at, who=sender)]
    if package.state == PackageState.FAILED:
        return [*entries, Entry("Not delivered", None, CURRENT, detail=package.failure)]
    return [*entries, _uploaded(package), _delivered(package)]


def _uploaded(package: Package) -> Entry:
    if package.uploaded_at:
        return Entry("Uploaded", package.uploaded_at, detail="Every byte has arrived.")
    return Entry("Upload", None, CURRENT, detail="Files are still on their way from the sender’s computer.")


def _delivered(package: Package) -> Entry:
    if package.delivered_at:
        return Entry("Delivered", package.delivered_at, detail="Every file is verified in storage.")
    state = CURRENT if package.state == PackageState.PROCESSING else TODO
    return Entry("Delivery", None, state, detail="Once every file has been stored, read back and verified.")


def _steps_of(recipient: Recipient, *, who: str) -> list[Entry]:
    steps = (("Opened", recipient.opened_at), ("Downloaded", recipient.downloaded_at))
    return [Entry(label, at, who=who) for label, at in steps if at]
