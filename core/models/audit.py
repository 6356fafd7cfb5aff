from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class Outcome(models.TextChoices):
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class AuditEvent(models.Model):
    """Who did what to which object, when, from where, and how it ended. Written once by ``core.audit.record``.

    The database itself refuses to change, delete or truncate these rows, and seals each of them at commit.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(default=timezone.now)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=120)
    organization_id = models.UUIDField(null=True)
    action = models.CharField(max_length=80)
    target_type = models.CharField(max_length=80, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.DONE)
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name_plural = "audit trail"
        ordering = ("-at", "-id")
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_by_time"),
            models.Index(fields=["organization_id", "-at"], name="audit_by_organization"),
            models.Index(fields=["target_type", "target_id", "-at"], name="audit_by_target"),
            models.Index(fields=["actor_id", "-at"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_label} {self.action}"


class AuditSeal(models.Model):
    """One link of a hash chain: the digest covers the event and the link before it. Written by a database trigger.

    Every organisation has a chain of its own; events outside any organisation are in the operator's (the nil UUID).
    ``position`` counts from 1 in the order of commits, without a gap.
    """

    OPERATOR_CHAIN = uuid.UUID(int=0)

    id = models.BigAutoField(primary_key=True)
    chain = models.UUIDField()
    position = models.PositiveBigIntegerField()
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="seal")
    digest = models.BinaryField(max_length=32)

    class Meta:
        ordering = ("chain", "position")
        constraints = [
            models.UniqueConstraint(fields=["chain", "position"], name="audit_seal_position_once"),
        ]

    def __str__(self) -> str:
        return f"{self.chain}#{self.position}"


class AuditCheck(models.Model):
    """One time that all seals were recomputed, and what was found. Asked for by staff, or by the clock."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.CharField(max_length=120)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    events = models.PositiveBigIntegerField(default=0)
    chains = models.PositiveIntegerField(default=0)
    fault_count = models.PositiveIntegerField(default=0)
    faults = models.JSONField(default=list)

    class Meta:
        ordering = ("-asked_at", "-id")
        indexes = [models.Index(fields=["-asked_at", "-id"], name="audit_check_by_time")]

    def __str__(self) -> str:
        return f"check of {self.asked_at:%Y-%m-%d %H:%M}"
