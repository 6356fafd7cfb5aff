"""Who hears by mail of a change of an organisation: its Organization Administrators, operator staff, and whom it concerns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from accounts.models import User
from core import outbox
from orgs import profile_changes, queries
from orgs.dates import in_words
from orgs.models import ChangeRequest, Organization, Role

ACTIONS = {"appoint": "becomes Organization Administrator", "dismiss": "is no longer Organization Administrator"}


def tell_of_request(change: ChangeRequest) -> None:
    """Administrators hear what was asked for in their organisation's name, staff that something waits."""
    facts = {**_facts(change), "due": in_words(change.due_at), "message": change.message}
    for user in _administrators(change.organization):
        _enqueue("change_received", user, change, facts, {"organization": outbox.Link("orgs:organization")})
    detail = outbox.Link("admin:orgs_changerequest_change", kwargs={"object_id": str(change.pk)})
    for user in queries.operator_staff():
        if user.pk == change.requested_by_staff_id:
            continue
        _enqueue("change_waiting", user, change, facts, {"detail": detail})


def tell_of_decision(change: ChangeRequest, *, template: str, concerned: Iterable[User] = ()) -> None:
    """``template`` is ``change_approved`` or ``change_denied``; ``concerned`` hear of it beside the administrators."""
    facts = {**_facts(change), "reason": change.decision_reason}
    told = {user.pk: user for user in (*_administrators(change.organization), *concerned, *_asked(change))}
    for user in told.values():
        _enqueue(template, user, change, facts, {"organization": outbox.Link("orgs:organization")})


def tell_appointed(user: User, organization: Organization, *, is_new: bool) -> None:
    """The new Organization Administrator hears of it; who is new to the gateway reads their User ID."""
    outbox.enqueue(
        "orgs/mail/administrator_appointed",
        to=user.email,
        context={
            "first_name": user.first_name,
            "user_id": user.user_id,
            "company": organization.legal_name,
            "is_new": is_new,
        },
        links={"first_login": outbox.Link("accounts:first-time-login"), "sign_in": outbox.Link("accounts:sign-in")},
        organization_id=organization.id,
        language=user.language,
    )


def tell_of_state(organization: Organization, users: Iterable[User], *, template: str, reason: str) -> None:
    """``template`` is ``organization_suspended``, ``…_reactivated`` or ``…_closed``."""
    for user in users:
        outbox.enqueue(
            f"orgs/mail/{template}",
            to=user.email,
            context={
                "first_name": user.first_name,
                "company": organization.legal_name,
                "organization_id": organization.organization_id,
                "reason": reason,
            },
            links={"sign_in": outbox.Link("accounts:sign-in")},
            organization_id=organization.id,
            language=user.language,
        )


def lines_of(change: ChangeRequest) -> list[dict[str, str]]:
    """What is asked for as lines of a label, what was and what is to be."""
    fields = [
        {"label": entry.label, "before": entry.before, "after": entry.after}
        for entry in profile_changes.shown(change.profile)
    ]
    people = [
        {"label": entry["name"], "before": "", "after": ACTIONS[entry["action"]]} for entry in change.administrators
    ]
    return [*fields, *people]


def asked_by(change: ChangeRequest) -> str:
    """Whom the organisation reads as the one who asked: a member by name, staff as the operator."""
    return change.requested_by.user.full_name if change.requested_by else settings.OPERATOR_NAME


def _facts(change: ChangeRequest) -> dict[str, Any]:
    return {"company": change.organization.legal_name, "changes": lines_of(change), "asked_by": asked_by(change)}


def _administrators(organization: Organization) -> list[User]:
    return [membership.user for membership in queries.administrators(organization, Role.OA)]


def _asked(change: ChangeRequest) -> list[User]:
    return [change.requested_by.user] if change.requested_by and change.requested_by.user.is_active else []


def _enqueue(
    template: str, user: User, change: ChangeRequest, facts: dict[str, Any], links: dict[str, outbox.Link]
) -> None:
    outbox.enqueue(
        f"orgs/mail/{template}",
        to=user.email,
        context={**facts, "first_name": user.first_name},
        links=links,
        organization_id=change.organization_id,
        language=user.language,
        about=change.pk,
    )
