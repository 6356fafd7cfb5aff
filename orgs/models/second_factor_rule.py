from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.proofs import EVERY_KIND, FactorKind
from core.models import PublicModel
from orgs.models.application import Application
from orgs.models.organization import Organization


class SecondFactorRule(PublicModel):
    """Whether a second factor is required, and of which kind: by the operator for everybody (neither organisation nor
    application is set), by an organisation for its people, or to open one application.

    Rules add up, the strictest counts. ``passkey_alone`` lets a passkey stand for password and second factor together;
    ``grace_days`` is how long people may go on without a factor from when they are first asked.
    """

    organization = models.OneToOneField(
        Organization, null=True, on_delete=models.CASCADE, related_name="second_factor_rule"
    )
    application = models.OneToOneField(
        Application, null=True, on_delete=models.CASCADE, related_name="second_factor_rule"
    )
    required = models.BooleanField(default=True)
    kinds = ArrayField(models.CharField(max_length=32), default=list)
    passkey_alone = models.BooleanField(default=True)
    grace_days = models.PositiveSmallIntegerField(default=0)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "second factor rule"
        verbose_name_plural = "second factors"
        constraints = [
            models.CheckConstraint(
                condition=Q(organization__isnull=True) | Q(application__isnull=True), name="factor_rule_of_one_scope"
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(organization__isnull=True, application__isnull=True),
                name="factor_rule_of_operator_once",
            ),
            models.CheckConstraint(condition=Q(grace_days__lte=90), name="factor_rule_grace_bounded"),
        ]

    @property
    def kind_labels(self) -> list[str]:
        """The kinds that count, in words."""
        return [str(kind.label) for kind in FactorKind if kind.value in (self.kinds or EVERY_KIND)]

    def __str__(self) -> str:
        return f"Second factor rule of {self.organization or self.application or 'the operator'}"
