from __future__ import annotations

import re
import secrets
import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django_countries.fields import CountryField
from phonenumber_field.modelfields import PhoneNumberField

from core.models import PublicModel
from orgs.models.names import NameKeyField, name_indexes

# Without 0, O, 1, I, L and U: an Organization ID is read out over the telephone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_organization_id() -> str:
    """``ORG-`` and two groups of four from an unambiguous alphabet."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(2))
    return "-".join(("ORG", *groups))


def organization_id_in(text: str) -> str:
    """The Organization ID that somebody means who types ``org 7kqm2wxr`` or ``7KQM-2WXR``; empty for anything else."""
    typed = re.fullmatch(r"(?:ORG)?([0-9A-Z]{4})([0-9A-Z]{4})", re.sub(r"[^0-9A-Z]", "", text.upper()))
    return "-".join(("ORG", *typed.groups())) if typed else ""


class BusinessType(models.TextChoices):
    CORPORATION = "corporation", "Corporation"
    LLC = "llc", "Limited liability company"
    PARTNERSHIP = "partnership", "Partnership"
    SOLE_PROPRIETOR = "sole_proprietor", "Sole proprietor"
    PUBLIC_BODY = "public_body", "Public body"
    UNIVERSITY = "university", "University or research institute"
    OTHER = "other", "Other"


class OrganizationProfile(models.Model):
    """What an organisation says of itself: the fields of the wizard's Organization Profile."""

    legal_name = models.CharField("legal name", max_length=200, blank=True)
    doing_business_as = models.CharField("doing business as", max_length=200, blank=True)
    country = CountryField("country", blank=True)
    address_line_1 = models.CharField("address line 1", max_length=200, blank=True)
    address_line_2 = models.CharField("address line 2", max_length=200, blank=True)
    city = models.CharField("city", max_length=120, blank=True)
    region = models.CharField("state, province or region", max_length=120, blank=True)
    postal_code = models.CharField("postal code", max_length=20, blank=True)
    phone = PhoneNumberField("phone", blank=True)
    website = models.URLField("website", max_length=200, blank=True)
    email_domains = ArrayField(
        models.CharField(max_length=253), verbose_name="e-mail domains", default=list, blank=True
    )
    uei = models.CharField("UEI", max_length=12, blank=True)
    cage = models.CharField("CAGE / NCAGE", max_length=5, blank=True)
    duns = models.CharField("D-U-N-S", max_length=9, blank=True)
    tax_id = models.CharField("tax ID", max_length=32, blank=True)
    business_type = models.CharField("business type", max_length=24, choices=BusinessType, blank=True)

    class Meta:
        abstract = True

    @classmethod
    def profile_fields(cls) -> tuple[str, ...]:
        return tuple(field.name for field in OrganizationProfile._meta.get_fields())

    def profile(self) -> dict[str, Any]:
        """The profile's values by field name."""
        return {name: getattr(self, name) for name in self.profile_fields()}


class OrganizationState(models.TextChoices):
    PENDING = "pending", "Pending"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    CLOSED = "closed", "Closed"


class Organization(PublicModel, OrganizationProfile):
    """A company with a MAG account. ``organization_id`` is public: members show it to partners and to support."""

    organization_id = models.CharField("Organization ID", max_length=16, unique=True, default=new_organization_id)
    state = models.CharField(max_length=16, choices=OrganizationState, default=OrganizationState.PENDING)
    name_key = NameKeyField()

    class Meta(OrganizationProfile.Meta):
        abstract = False
        verbose_name = "organisation"
        ordering = ("legal_name", "id")
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="organization_by_time"),
            *name_indexes("organization"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=OrganizationState.values), name="organization_state_known"),
            models.CheckConstraint(condition=~Q(legal_name=""), name="organization_has_name"),
        ]

    def __str__(self) -> str:
        return self.legal_name

    @property
    def audit_chain(self) -> uuid.UUID:
        """An organisation's events are in its own chain; ``organization_id`` here is a public code, not a key."""
        return self.id


class Partnership(models.Model):
    """Two organisations that collaborate; written both ways, so that either finds the other with one condition."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="partnerships")
    partner = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "partner"], name="partnership_once"),
            models.CheckConstraint(condition=~Q(organization=models.F("partner")), name="partnership_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} with {self.partner_id}"
