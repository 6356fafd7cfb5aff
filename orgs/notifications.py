"""The mails of this room that people may do without."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.notifications import Kind, register
from core.actor import Actor
from orgs import roles

FIRST_LOGINS = "orgs.first_logins"
JOIN_REQUESTS = "orgs.join_requests"
INVITATIONS = "orgs.invitations"
REGISTRATIONS = "orgs.registrations"
OVERDUE = "orgs.overdue"


def is_staff(actor: Actor) -> bool:
    return actor.is_staff


def register_kinds() -> None:
    register(
        Kind(
            FIRST_LOGINS,
            20,
            _("New users"),
            _("Somebody whom you expect has been through First-Time Login."),
            concerns=roles.is_organization_administrator,
        ),
        Kind(
            JOIN_REQUESTS,
            21,
            _("Requests to join"),
            _("Somebody asks to become a user of your organisation, or still waits for your answer."),
            concerns=roles.is_organization_administrator,
        ),
        Kind(
            INVITATIONS,
            22,
            _("Your invitations"),
            _("A company has accepted, asks for a new link, or the mail to it came back."),
            concerns=lambda actor: actor.is_staff or roles.may_invite(actor),
        ),
        Kind(
            REGISTRATIONS,
            30,
            _("Registrations"),
            _("A registration waits for a decision, was answered, or was withdrawn."),
            concerns=is_staff,
        ),
        Kind(
            OVERDUE,
            31,
            _("Overdue registrations"),
            _("Once on a business day, while there are any."),
            concerns=is_staff,
        ),
    )
