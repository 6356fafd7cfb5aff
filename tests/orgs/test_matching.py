"""Possible duplicates: what is one, what is none, and when that is written down."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction

from orgs.models import MatchKind, Organization, OrganizationState, Registration, RegistrationMatch
from orgs.services import approval, matching, review
from orgs.services.registrations import answers, withdrawal
from tests.concurrency import at_once
from tests.orgs import submissions
from tests.orgs.world import VISITOR, World

pytestmark = pytest.mark.django_db


def company(legal_name: str = "Unlike Anything", **fields: Any) -> Organization:
    return Organization.objects.create(
        **{"legal_name": legal_name, "country": "GB", "state": OrganizationState.ACTIVE, **fields}
    )


def refreshed(*args: Any, **fields: Any) -> Registration:
    registration = submissions.submitted(*args, **fields)
    with transaction.atomic():
        matching.refresh(registration)
    return registration


def reasons(registration: Registration) -> list[tuple[str, str]]:
    """Of each likeness its kind and with whom."""
    rows = RegistrationMatch.objects.filter(registration=registration).select_related("organization", "other")
    return [(row.kind, str(row.organization or row.other)) for row in rows]


# --- Identifiers --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "value"), [("uei", "ABCDEFGHJ123"), ("cage", "1ABC5"), ("duns", "123456789"), ("tax_id", "GB 12-345")]
)
def test_the_same_identifier_is_a_likeness(field: str, value: str) -> None:
    company(**{field: value})
    company("Somebody Else", **{field: "X"})

    registration = refreshed(**{field: value})

    assert reasons(registration) == [(field, "Unlike Anything")]
    assert registration.matches.get().value == value


def test_no_identifier_is_nobodys_identifier() -> None:
    company(uei="", cage="", duns="", tax_id="", email_domains=[])

    assert reasons(refreshed()) == []


def test_a_tax_id_is_compared_without_its_signs_and_within_its_country() -> None:
    company("Same", tax_id="12/345-67")
    company("Elsewhere", tax_id="1234567", country="DE")

    assert reasons(refreshed(tax_id="1234567")) == [("tax_id", "Same")]


def test_each_reason_is_told() -> None:
    company("Newco Metals", uei="ABCDEFGHJ123", duns="123456789", email_domains=["newco.example"])

    registration = refreshed(uei="ABCDEFGHJ123", duns="123456789")

    assert {kind for kind, _ in reasons(registration)} == {"uei", "duns", "domain", "name"}


# --- Domains ------------------------------------------------------------------------------------------------------
def test_a_domain_in_common_is_a_likeness() -> None:
    company("By Profile", email_domains=["other.example", "metals.example"])
    company("By Contact", email_domains=["newco.example"])

    registration = refreshed(email_domains=["metals.example"])

    assert reasons(registration) == [("domain", "By Profile"), ("domain", "By Contact")]


@pytest.mark.parametrize("domain", ["gmail.com", "gmx.de", "mailinator.com"])
def test_a_mail_service_that_anybody_uses_is_no_likeness(domain: str) -> None:
    company(email_domains=[domain])

    assert reasons(refreshed(email_domains=[domain], contact_email=f"kim@{domain}")) == []


# --- Names --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Newco Metals Ltd", "Newco Metal Limited"),
        ("Newco Metals Ltd", "NEWCO METTALS"),
        ("Harbor Metals Inc.", "Harbour Metals"),
        ("Lockheed Martin Corporation", "Lockeed Martin Corp."),
        ("Müller GmbH", "Mueller GmbH"),
        ("Søndergård Aviation ApS", "Sondergard Aviation"),
        ("Martin-Baker Aircraft", "Martin Baker Aircraft Company Limited"),
        ("Aurora Aerospace", "Aurora Aerospace & Sons"),
        ("Precision Castparts", "Precision Cast Parts Corp"),
        ("Завод Восток", "Zavod Vostok"),
    ],
)
def test_names_written_alike_are_likenesses(one: str, other: str) -> None:
    company(other)

    registration = refreshed(one)

    assert reasons(registration) == [("name", other)]
    match = registration.matches.get()
    assert match.likeness is not None
    assert 0.55 <= match.likeness <= 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Delta Engineering Ltd", "Smith Engineering Ltd"),
        ("General Dynamics", "General Electric"),
        ("ABC", "ABC Industries International"),
        ("AB Ltd", "ABB Ltd"),
        ("Sun", "Sunny Sunshine Hotels"),
        ("Newco Metals", "Harbor Metals"),
    ],
)
def test_names_that_share_a_word_or_a_beginning_are_none(one: str, other: str) -> None:
    company(other)

    assert reasons(refreshed(one)) == []


def test_the_same_name_in_another_country_is_none() -> None:
    company("Newco Metals Ltd", country="DE")

    assert reasons(refreshed("Newco Metals Ltd", country="GB")) == []


def test_how_alike_is_a_setting(settings: LazySettings) -> None:
    company("Delta Engineering")
    settings.DUPLICATE_NAME_LIKENESS = 0.4

    assert reasons(refreshed("Smith Engineering")) == [("name", "Delta Engineering")]


def test_the_most_alike_come_first_and_no_more_than_can_be_looked_at() -> None:
    Organization.objects.bulk_create(
        Organization(legal_name=f"Newco Metals {number}", country="GB", state="active") for number in range(40)
    )
    company("Newco Metals")

    registration = refreshed("Newco Metals")

    assert len(reasons(registration)) == matching.MOST
    assert reasons(registration)[0] == ("name", "Newco Metals")


# --- Whom with ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("state", OrganizationState)
def test_compared_are_organisations_that_live(state: OrganizationState) -> None:
    company(uei="ABCDEFGHJ123", state=state)

    lives = state in {OrganizationState.ACTIVE, OrganizationState.SUSPENDED}
    assert bool(reasons(refreshed(uei="ABCDEFGHJ123"))) == lives


def test_of_two_that_wait_each_has_the_other() -> None:
    first = refreshed("North Ltd", uei="ABCDEFGHJ123", contact_email="a@north.example")
    second = refreshed("South Ltd", uei="ABCDEFGHJ123", contact_email="b@south.example")

    assert reasons(first) == [("uei", "South Ltd")]
    assert reasons(second) == [("uei", "North Ltd")]


@pytest.mark.parametrize("end", ["approve", "deny", "merge", "withdraw"])
def test_one_that_no_longer_waits_is_nobodys_duplicate(world: World, end: str) -> None:
    first = refreshed("North Ltd", uei="ABCDEFGHJ123")
    second = refreshed("South Ltd", uei="ABCDEFGHJ123", contact_email="b@south.example", named=["b@south.example"])
    decide: dict[str, Callable[[Registration], object]] = {
        "approve": partial(approval.approve, world.operator),
        "deny": partial(approval.deny, world.operator, reason="No."),
        "merge": partial(approval.merge, world.operator, organization=world.elsewhere),
        "withdraw": partial(withdrawal.withdraw, VISITOR),
    }

    decide[end](first)

    assert not RegistrationMatch.objects.filter(other=first).exists()
    became = [("uei", "North Ltd")] if end == "approve" else []
    assert reasons(second) == became
    assert reasons(first), "what it was like stays with it, to be read"


# --- When ---------------------------------------------------------------------------------------------------------
def test_an_organisation_that_changes_is_compared_with_what_waits(world: World) -> None:
    registration = refreshed(uei="ABCDEFGHJ123")
    assert reasons(registration) == []

    Organization.objects.filter(pk=world.elsewhere.pk).update(uei="ABCDEFGHJ123")
    world.elsewhere.refresh_from_db()
    with transaction.atomic():
        matching.organization_changed(world.elsewhere)
    assert reasons(registration) == [("uei", "Elsewhere Ltd")]

    world.elsewhere.state = OrganizationState.CLOSED
    with transaction.atomic():
        matching.organization_changed(world.elsewhere)
    assert reasons(registration) == []


def test_a_corrected_answer_is_compared_again(world: World) -> None:
    company("Right Name", duns="123456789")
    registration = refreshed(duns="987654321")
    review.ask(world.operator, registration, question="Is this number right?")

    answers.answer(VISITOR, registration, text="No.", profile={"duns": "123456789"})

    assert reasons(registration) == [("duns", "Right Name")]


def test_refreshing_twice_changes_nothing() -> None:
    company("Newco Metals", uei="ABCDEFGHJ123")
    registration = refreshed(uei="ABCDEFGHJ123")
    before = reasons(registration)

    with transaction.atomic():
        matching.refresh(registration)

    assert reasons(registration) == before


def test_it_takes_the_same_queries_whatever_is_alike(django_assert_num_queries: Any) -> None:
    registration = submissions.submitted(uei="ABCDEFGHJ123", email_domains=["newco.example"])
    for number in range(15):
        company(f"Newco Metals {number}", uei="ABCDEFGHJ123", email_domains=["newco.example"])
        submissions.submitted(f"Newco Metals {number}", uei="ABCDEFGHJ123")

    with transaction.atomic(), django_assert_num_queries(9):
        matching.refresh(registration)

    assert len(reasons(registration)) > 40


@pytest.mark.django_db(transaction=True)
def test_of_two_submitted_in_the_same_moment_neither_is_overlooked() -> None:
    registrations = [submissions.submitted(f"Company {letter * 9}", uei="ABCDEFGHJ123") for letter in "ABCDEF"]
    Registration.objects.update(state="draft")

    def submit(registration: Registration) -> None:
        with transaction.atomic():
            Registration.objects.filter(pk=registration.pk).update(state="submitted")
            matching.refresh(registration)

    assert at_once([partial(submit, registration) for registration in registrations]) == [None] * 6

    assert RegistrationMatch.objects.filter(kind=MatchKind.UEI).count() == 6 * 5
