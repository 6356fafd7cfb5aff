"""What the operator works with beside a registration itself: questions, notes, likenesses and days off."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import PublicModel
from orgs.models.organization import Organization
from orgs.models.registration import Registration


class RegistrationQuestion(PublicModel):
    """What the operator asked the registrant, and the answer. One is open at a time.

    While it is open the registrant is reminded of it once (``reminded_at``), and once more before its registration expires
    (``warned_at``).
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="questions")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField("question", max_length=2000)
    answer = models.TextField("answer", max_length=4000, blank=True)
    answered_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("created_at", "id")
        indexes = [
            models.Index(fields=["created_at"], name="question_open_by_time", condition=Q(answered_at__isnull=True)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["registration"], condition=Q(answered_at__isnull=True), name="question_one_open"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | ~Q(answer=""), name="question_answered_has_answer"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class RegistrationNote(PublicModel):
    """What operator staff write for each other; the registrant never sees it."""

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField("note", max_length=4000)

    class Meta:
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return self.text[:80]


class MatchKind(models.TextChoices):
    UEI = "uei", "Same UEI"
    CAGE = "cage", "Same CAGE / NCAGE"
    DUNS = "duns", "Same D-U-N-S"
    TAX_ID = "tax_id", "Same tax ID"
    DOMAIN = "domain", "Same e-mail domain"
    NAME = "name", "Similar name in the same country"


class RegistrationMatch(models.Model):
    """A likeness of a registration with an organisation, or with another registration that waits: a possible duplicate.

    ``value`` is what they have in common; ``likeness`` is the trigram similarity of the names, between 0 and 1.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="matches")
    kind = models.CharField(max_length=16, choices=MatchKind)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True, related_name="+")
    other = models.ForeignKey(Registration, on_delete=models.CASCADE, null=True, related_name="+")
    value = models.CharField(max_length=253)
    likeness = models.FloatField(null=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "kind", "organization", "other", "value"],
                name="match_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(organization__isnull=False, other__isnull=True)
                | Q(organization__isnull=True, other__isnull=False),
                name="match_with_one",
            ),
            models.CheckConstraint(condition=Q(kind__in=MatchKind.values), name="match_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.organization or self.other}"


class Holiday(models.Model):
    """A day on which the operator does not work, so that it does not count towards a due date."""

    day = models.DateField(unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.day}: {self.name}"
