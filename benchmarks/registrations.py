"""Registrations as some years leave them: many decided, a few that wait, with the people and invitations around them."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accounts.models import User
    from orgs.models import Invitation, Organization, Registration

BATCH = 2000
# Of every hundred.
STATES = {
    "approved": 78, "denied": 8, "expired": 4, "withdrawn": 3, "merged": 4, "info_requested": 1, "submitted": 2,
}  # fmt: skip
_SYLLABLES = (
    "al", "an", "bar", "ber", "bo", "bran", "cal", "car", "dan", "del", "dor", "el", "en", "far", "fen", "gar", "gol",
    "gra", "hal", "har", "hol", "is", "jan", "kar", "kel", "kol", "lan", "lin", "lor", "mar", "mel", "mer", "mon",
    "nor", "ol", "par", "pel", "per", "ral", "ram", "ren", "ros", "sal", "san", "sel", "sen", "sol", "stan", "tal",
    "tar", "ter", "tol", "tor", "val", "van", "ver", "vin", "wal", "wes", "wil",
)  # fmt: skip
_TRADES = (
    "Metals", "Precision Tools", "Aerospace", "Engineering", "Machining", "Composites", "Castings", "Electronics",
    "Systems", "Avionics", "Logistics", "Defence", "Hydraulics", "Forgings", "Software", "Instruments", "Coatings",
    "Fasteners", "Shipbuilding", "Optics", "Sensors", "Plastics", "Energy",
)  # fmt: skip
_FORMS = {"US": "Inc.", "GB": "Ltd", "DE": "GmbH", "FR": "SAS", "SE": "AB", "IT": "SpA", "ES": "SL", "CA": "Corp."}


@dataclass
class Maker:
    """Makes the same companies in every run."""

    staff: User
    now: datetime
    random: random.Random = field(default_factory=lambda: random.Random(3))  # noqa: S311 - the same companies each time
    made: int = 0

    def make(self, count: int) -> None:
        _hurry()
        numbers = iter(range(self.made, self.made + count))
        while batch := list(islice(numbers, BATCH)):
            self._store([self._registration(number) for number in batch])
            self.made += len(batch)

    def _registration(self, number: int) -> Registration:
        from orgs.models import Registration

        # Some wait from the beginning.
        state = "submitted" if number < 20 else self.random.choices(list(STATES), list(STATES.values()))[0]
        profile = self._profile(number)
        waits = state in {"submitted", "info_requested"}
        submitted_at = self.now - timedelta(hours=self.random.uniform(1, 96 if waits else 24 * 365 * 3))
        return Registration(
            **profile,
            state=state,
            contact_first_name="Kim",
            contact_last_name=profile["legal_name"].split()[0],
            contact_email=f"kim@{profile['email_domains'][0]}",
            submitted_at=submitted_at,
            due_at=submitted_at + timedelta(days=2),
            expires_at=submitted_at + timedelta(days=30),
            decided_at=None if waits else submitted_at + timedelta(days=1),
            denial_reason="Not who they say they are." if state == "denied" else "",
            completeness=self.random.randint(40, 100),
            flags=["one_administrator"] if number % 3 else [],
        )

    def _profile(self, number: int) -> dict[str, Any]:
        country = self.random.choice(list(_FORMS))
        family = "".join(self.random.choices(_SYLLABLES, k=self.random.choice((2, 3)))).capitalize()
        has_identifiers = number % 4 != 0
        return {
            "legal_name": f"{family} {self.random.choice(_TRADES)} {_FORMS[country]}",
            "country": country,
            "city": family,
            "email_domains": [f"{family.lower()}-{number}.example"],
            "uei": self._code(12) if has_identifiers else "",
            "cage": self._code(5) if has_identifiers else "",
            "duns": f"{number:09d}" if has_identifiers else "",
            "tax_id": f"{number % 90 + 10}-{1_000_000 + number}" if has_identifiers else "",
        }

    def _code(self, length: int) -> str:
        return "".join(self.random.choices(string.ascii_uppercase + string.digits, k=length))

    def _store(self, registrations: list[Registration]) -> None:
        from core.models import AuditEvent
        from orgs.models import Application, Invitation, Organization, Registration, RegistrationAdministrator

        organizations = list(self._organizations(registrations))
        Organization.objects.bulk_create(organizations)
        Invitation.objects.bulk_create(self._invitations(registrations))
        Registration.objects.bulk_create(registrations)
        people = [
            RegistrationAdministrator(
                registration=one,
                first_name=name.capitalize(),
                last_name="Novak",
                email=f"{name}@{one.email_domains[0]}",
                is_contact=name == "kim",
                is_organization_administrator=True,
            )
            for one in registrations
            for name in ("kim", "ana")
        ]
        RegistrationAdministrator.objects.bulk_create(people)
        asked = Registration.applications.through
        sft = Application.objects.get(code="sft")
        asked.objects.bulk_create(asked(registration=one, application=sft) for one in registrations)
        AuditEvent.objects.bulk_create(
            AuditEvent(
                actor_kind="anonymous",
                actor_label="visitor",
                action="orgs.registration.submit",
                target_type=Registration._meta.label,
                target_id=str(one.pk),
            )
            for one in registrations
        )

    def _organizations(self, registrations: list[Registration]) -> Iterator[Organization]:
        from orgs.models import Organization

        last = None
        for one in registrations:
            if one.state == "approved" or (one.state == "merged" and last is None):
                last = Organization(**one.profile(), state="active")
                yield last
            one.organization = last if one.state in {"approved", "merged"} else None

    def _invitations(self, registrations: list[Registration]) -> Iterator[Invitation]:
        from orgs.models import Invitation

        for number, one in enumerate(registrations, self.made):
            if number % 5 == 0:
                continue
            one.invitation = Invitation(
                invited_by_staff=self.staff,
                company_name=one.legal_name,
                email=one.contact_email,
                external_reference=f"S-{one.duns or number}-{self._code(4)}",
                state="accepted" if one.state in {"approved", "merged"} else "started",
                expires_at=one.expires_at,
            )
            yield one.invitation


def _hurry() -> None:
    """Let indexes take up rows in larger heaps, and do not wait for the disk; for this connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET gin_pending_list_limit = '64MB'")
        cursor.execute("SET synchronous_commit = off")
