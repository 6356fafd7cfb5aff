"""Packages as JSON, for the page's own script."""

from __future__ import annotations

from typing import Any

from django.http import JsonResponse
from django.urls import reverse

from orgs.models import Membership
from sft import arrivals, queries
from sft.arrivals import FileArrival
from sft.models import Package, Recipient


def package_document(package: Package, *, status: int = 200) -> JsonResponse:
    """Everything the sender's page shows of a package that can change while it is open."""
    document = {
        "id": str(package.pk),
        "state": package.state,
        "state_label": package.get_state_display(),
        "failure": package.failure,
        "url": reverse("sft:package", kwargs={"pk": package.pk}),
        "draft_url": reverse("sft:package-draft", kwargs={"pk": package.pk}),
        "status_url": reverse("sft:package-status", kwargs={"pk": package.pk}),
        "recipients": [_recipient(recipient) for recipient in queries.recipients_of(package)],
        "files": [_file(row) for row in arrivals.of_package(package)],
    }
    return JsonResponse(document, status=status)


def contact(member: Membership) -> dict[str, str]:
    """One suggestion while a recipient is typed."""
    return {"id": str(member.pk), **_person(member)}


def _person(member: Membership) -> dict[str, str]:
    user = member.user
    return {"name": user.full_name, "email": user.email, "organization": member.organization.legal_name}


def _recipient(recipient: Recipient) -> dict[str, str]:
    return {"id": str(recipient.pk), "state": recipient.state, **_person(recipient.membership)}


def _file(row: FileArrival) -> dict[str, Any]:
    file = row.file
    return {
        "id": str(file.pk),
        "upload": str(file.upload_id),
        "name": file.name,
        "path": file.path,
        "size": file.size,
        "last_modified": row.last_modified,
        "state": row.arrival.value,
        "label": row.label,
        "acknowledged": row.acknowledged,
        "reason": row.detail,
        "scan": row.scan,
        "sha256": file.sha256,
    }
