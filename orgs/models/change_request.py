from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from core.models import PublicModel
from orgs.models.membership import Membership
from orgs.models.organization import Organization

# What a page needs beside the row itself, for ``select_related``.
CHANGE_RELATIONS = ("organization", "requested_by__user", "requested_by_staff", "assigned_to", "decided_by")


class ChangeRequestState(models.TextChoices):
    REQUESTED = "requested", "Waiting for the operator"
    APPROVED = "approved", "Approved"
    DENIED = "denied", "Denied"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ChangeRequest(PublicModel):
    """A sensitive change of an active organisation that waits for the operator: the changed fields only.

    ``profile`` maps a field of the profile to ``{"from": old, "to": new}``. ``administrators`` is a list of
    ``{"membership": id, "name": …, "action": "appoint" or "dismiss"}`` for the role of Organization Administrator; somebody
    who is no member yet has ``"membership": None`` and ``"person"`` with names, e-mail and phone. A request has one of the
    two. It is asked for by one of the organisation's members (``requested_by``) or by operator staff
    (``requested_by_staff``), and then a second of them decides.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="change_requests")
    requested_by = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, related_name="+")
    requested_by_staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    profile = models.JSONField(default=dict, blank=True)
    administrators = models.JSONField(default=list, blank=True)
    message = models.TextField("why", max_length=1000, blank=True)
    state = models.CharField(max_length=16, choices=ChangeRequestState, default=ChangeRequestState.REQUESTED)
    due_at = models.DateTimeField()
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decision_reason = models.CharField("reason", max_length=2000, blank=True)

    class Meta:
        verbose_name = "change request"
        ordering = ("due_at", "id")
        indexes = [
            models.Index(fields=["state", "due_at", "id"], name="change_request_queue"),
            models.Index(fields=["organization", "-created_at", "-id"], name="change_request_by_time"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ChangeRequestState.values), name="change_request_state_known"),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(state="requested", administrators=[]),
                name="change_request_one_open_profile",
            ),
            models.CheckConstraint(
                condition=(Q(profile={}) & ~Q(administrators=[])) | (~Q(profile={}) & Q(administrators=[])),
                name="change_request_of_one_kind",
            ),
            models.CheckConstraint(
                condition=Q(requested_by__isnull=False, requested_by_staff__isnull=True)
                | Q(requested_by__isnull=True, requested_by_staff__isnull=False),
                name="change_request_has_one_requester",
            ),
            models.CheckConstraint(
                condition=~Q(state="denied") | ~Q(decision_reason=""), name="change_request_denied_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"Change of {self.organization}"

    @property
    def is_overdue(self) -> bool:
        """Whether the operator is late."""
        return self.state == ChangeRequestState.REQUESTED and self.due_at < timezone.now()

    @property
    def requester(self) -> User:
        """The person who asked for it: a member of the organisation, or operator staff."""
        person = self.requested_by.user if self.requested_by else self.requested_by_staff
        assert person is not None, "change_request_has_one_requester"  # noqa: S101 - held by the database
        return person
