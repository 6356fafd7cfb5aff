"""Possible duplicates: what a registration has in common with organisations and with other registrations that wait.

Written down in ``RegistrationMatch`` where it is cheap, at Submit and when something changes, so that the queue only reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.postgres.search import TrigramSimilarity
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from orgs import mail_domains, policies
from orgs.models import MatchKind, Organization, OrganizationState, Registration, RegistrationMatch, name_key
from orgs.models.names import Bare, DomainOf, bare

# Of one kind of likeness no more than these are kept: who is like so many is like nobody in particular.
MOST = 20
COMPARED = (OrganizationState.ACTIVE, OrganizationState.SUSPENDED)
_ONE_AT_A_TIME = 0x6D61_7463


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why ``found`` may be the same company: ``value`` is what both have, ``likeness`` how alike the names are (0 to 1)."""

    found: Organization | Registration
    kind: MatchKind
    value: str
    likeness: float | None = None


def refresh(registration: Registration) -> None:
    """Write its likenesses anew, and its own among those of the registrations that wait. Needs a transaction.

    Nine queries, however many are alike. One at a time until the transaction ends: of two that are submitted in the same
    moment, the second sees the first.
    """
    _wait_in_line()
    organizations = organizations_like(registration)
    others = _like(registration, _waiting().exclude(pk=registration.pk))
    RegistrationMatch.objects.filter(Q(registration=registration) | Q(other=registration)).delete()
    RegistrationMatch.objects.bulk_create(
        [
            *(_row(registration, alike) for alike in (*organizations, *others)),
            *(
                RegistrationMatch(
                    registration_id=alike.found.pk,
                    other=registration,
                    kind=alike.kind,
                    value=registration.legal_name if alike.kind == MatchKind.NAME else alike.value,
                    likeness=alike.likeness,
                )
                for alike in others
            ),
        ]
    )


def organization_changed(organization: Organization) -> None:
    """Write anew which waiting registrations are like ``organization``: it was approved, or its profile or state changed.

    Needs a transaction; a constant number of queries.
    """
    _wait_in_line()
    alike = _like(organization, _waiting()) if organization.state in COMPARED else []
    RegistrationMatch.objects.filter(organization=organization).delete()
    RegistrationMatch.objects.bulk_create(
        RegistrationMatch(
            registration_id=one.found.pk,
            organization=organization,
            kind=one.kind,
            value=organization.legal_name if one.kind == MatchKind.NAME else one.value,
            likeness=one.likeness,
        )
        for one in alike
    )


def forget(registration: Registration) -> None:
    """It no longer waits, so it is nobody's possible duplicate any more. What it was like itself stays, to be read.

    Needs a transaction.
    """
    _wait_in_line()
    RegistrationMatch.objects.filter(other=registration).delete()


def organizations_like(profile: Registration | Organization) -> list[Likeness]:
    """The organisations that ``profile`` may be the same company as, with every reason; same identifiers first."""
    rows = Organization.objects.filter(state__in=COMPARED)
    return _like(profile, rows.exclude(pk=profile.pk))


def _like(
    profile: Registration | Organization, rows: QuerySet[Organization] | QuerySet[Registration]
) -> list[Likeness]:
    return [*_with_the_same(profile, rows), *_with_a_similar_name(profile, rows)]


def _with_the_same(
    profile: Registration | Organization, rows: QuerySet[Organization] | QuerySet[Registration]
) -> Sequence[Likeness]:
    """Those that share an identifier or an e-mail domain of their own. One query."""
    domains = _domains(profile)
    alike = Q(pk__in=[])
    for name in ("uei", "cage", "duns"):
        value = getattr(profile, name)
        if value:
            alike |= Q(**{name: value})
    if bare(profile.tax_id):
        # A tax ID is a number of one country's authorities.
        alike |= Q(bare_tax_id=bare(profile.tax_id), country=profile.country) & ~Q(tax_id="")
    if domains:
        alike |= Q(email_domains__overlap=sorted(domains))
        if rows.model is Registration:
            alike |= Q(contact_domain__in=sorted(domains))
            rows = rows.alias(contact_domain=DomainOf("contact_email"))
    found = rows.alias(bare_tax_id=Bare("tax_id")).filter(alike).order_by("created_at", "id")[: MOST * len(MatchKind)]
    return _first_of_each_kind(reason for row in found for reason in _in_common(profile, domains, row))


def _in_common(
    profile: Registration | Organization, domains: set[str], row: Organization | Registration
) -> Iterable[Likeness]:
    for kind in (MatchKind.UEI, MatchKind.CAGE, MatchKind.DUNS):
        value = getattr(profile, kind)
        if value and value == getattr(row, kind):
            yield Likeness(row, kind, value)
    if profile.tax_id and bare(profile.tax_id) == bare(row.tax_id) and profile.country == row.country:
        yield Likeness(row, MatchKind.TAX_ID, row.tax_id)
    for domain in sorted(domains & _domains(row)):
        yield Likeness(row, MatchKind.DOMAIN, domain)


def _with_a_similar_name(
    profile: Registration | Organization, rows: QuerySet[Organization] | QuerySet[Registration]
) -> list[Likeness]:
    """Those whose names are written alike in the same country, the most alike first. Two queries."""
    key = name_key(profile.legal_name)
    if not key or not profile.country:
        return []
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(settings.DUPLICATE_NAME_LIKENESS)]
            )
        found = (
            rows.filter(country=profile.country, name_key__trigram_similar=key)
            .annotate(likeness=TrigramSimilarity("name_key", key))
            .order_by("-likeness", "created_at", "id")[:MOST]
        )
        return [Likeness(row, MatchKind.NAME, row.legal_name, row.likeness) for row in found]


def _first_of_each_kind(reasons: Iterable[Likeness]) -> list[Likeness]:
    by_kind: dict[MatchKind, list[Likeness]] = {kind: [] for kind in MatchKind}
    for reason in reasons:
        by_kind[reason.kind].append(reason)
    return [reason for kind in MatchKind for reason in by_kind[kind][:MOST]]


def _domains(profile: Registration | Organization) -> set[str]:
    contact = mail_domains.of(profile.contact_email) if isinstance(profile, Registration) else ""
    return set(mail_domains.owned([*profile.email_domains, contact]))


def _waiting() -> QuerySet[Registration]:
    return Registration.objects.filter(state__in=policies.UNDER_REVIEW)


def _row(registration: Registration, alike: Likeness) -> RegistrationMatch:
    where = {"organization": alike.found} if isinstance(alike.found, Organization) else {"other": alike.found}
    return RegistrationMatch(
        registration=registration, kind=alike.kind, value=alike.value, likeness=alike.likeness, **where
    )


def _wait_in_line() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
