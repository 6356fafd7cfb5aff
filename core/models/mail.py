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

    ``sending`` means that the words are being handed to the mail server: a row found in it after its worker died may have
    left, and ``doubts`` counts how often that was so. A message that comes back stays ``sent``, with ``bounced_at``.
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
    doubts = models.PositiveSmallIntegerField("may have been sent twice", default=0, db_default=0)
    provider_id = models.CharField(max_length=200, blank=True, default="", db_default="")
    bounced_at = models.DateTimeField(null=True)
    bounce_reason = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "mail"
        verbose_name_plural = "outbox"
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="mail_by_time"),
            models.Index(fields=["due_at"], name="mail_due", condition=Q(state="queued")),
            models.Index(fields=["claimed_at"], name="mail_claimed", condition=Q(state="sending")),
            models.Index(fields=["about"], name="mail_about", condition=Q(about__isnull=False)),
            models.Index(
                fields=["-created_at", "-id"], name="mail_not_sent", condition=Q(state__in=["failed", "suppressed"])
            ),
            models.Index(fields=["-created_at", "-id"], name="mail_doubted", condition=Q(doubts__gt=0)),
            models.Index(fields=["-bounced_at"], name="mail_bounced", condition=Q(bounced_at__isnull=False)),
            models.Index(fields=["provider_id"], name="mail_by_provider_id", condition=~Q(provider_id="")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="mail_state_known"),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="mail_sent_has_time",
            ),
            models.CheckConstraint(
                condition=Q(bounced_at__isnull=True) | ~Q(bounce_reason=""),
                name="mail_bounce_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} to {self.to}"
