from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.models.base import PublicModel


class MailState(models.TextChoices):
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Suppressed"


class Mail(PublicModel):
    """One message to one address, written in the transaction that decided it and sent by a worker afterwards.

    ``template`` names ``<template>.subject.txt``, ``.txt`` and ``.html``. ``context`` holds plain values; ``links`` maps a
    name to ``{"path": "/invitation/{token}/", "token": "<Token id>"}``. The secret of a link is worked out only while the
    message is rendered, so no row of this table opens anything. ``about`` is the id of what the message is about, for the
    room that asked for it: an invitation, say.
    """

    template = models.CharField(max_length=120)
    to = models.EmailField(max_length=254)
    language = models.CharField(max_length=12, default="en")
    context = models.JSONField(default=dict)
    links = models.JSONField(default=dict)
    organization_id = models.UUIDField(null=True)
    about = models.UUIDField(null=True)
    state = models.CharField(max_length=16, choices=MailState, default=MailState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "mail"
        verbose_name_plural = "outbox"
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="mail_by_time"),
            models.Index(fields=["due_at"], name="mail_due", condition=Q(state="queued")),
            models.Index(fields=["claimed_at"], name="mail_claimed", condition=Q(state="sending")),
            models.Index(fields=["about"], name="mail_about", condition=Q(about__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="mail_state_known"),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="mail_sent_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} to {self.to}"
