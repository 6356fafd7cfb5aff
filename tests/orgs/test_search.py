"""Finding a registration by whatever somebody has of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from orgs import queries
from orgs.models import Organization, Registration
from tests.orgs import submissions
from tests.orgs import world as worlds
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def wanted(world: World) -> Registration:
    invitation = worlds.invite(world)
    invitation.external_reference = "S-4711/b"
    invitation.save()
    organization = Organization.objects.create(legal_name="Newco Metals", organization_id="ORG-7KQM-2TXW")
    registration = submissions.submitted(
        "Newco Müller & Söhne Metals Ltd",
        invitation=invitation,
        uei="ABCDEFGHJ123",
        cage="1ABC5",
        duns="123456789",
        tax_id="GB 12-345/6",
        email_domains=["metals.example", "newco.example"],
        contact_email="Kim@Contact.example",
        named=["ana@named.example"],
    )
    registration.organization = organization
    registration.save()
    submissions.submitted("Somebody Else Entirely", contact_email="x@else.example", named=["y@else.example"])
    return registration


def found(text: str) -> list[Registration]:
    return list(queries.search_registrations(Registration.objects.all(), text))


FINDS: dict[str, Callable[[Registration], str]] = {
    "UEI": lambda _: "ABCDEFGHJ123",
    "UEI in lower case": lambda _: " abcdefghj123 ",
    "CAGE": lambda _: "1abc5",
    "D-U-N-S": lambda _: "123456789",
    "D-U-N-S with hyphens": lambda _: "12-345-6789",
    "D-U-N-S with spaces": lambda _: "12 345 6789",
    "tax ID": lambda _: "GB 12-345/6",
    "tax ID without signs": lambda _: "gb123456",
    "Organization ID": lambda _: "ORG-7KQM-2TXW",
    "Organization ID as people say it": lambda _: "org 7kqm 2txw",
    "id": lambda registration: str(registration.pk),
    "id without hyphens": lambda registration: registration.pk.hex,
    "contact’s address": lambda _: "kim@contact.example",
    "contact’s domain": lambda _: "contact.example",
    "domain with @": lambda _: "@METALS.example",
    "second domain": lambda _: "newco.example",
    "address of somebody named": lambda _: "Ana@named.example",
    "inviter’s reference": lambda _: "s-4711/B",
    "whole name": lambda _: "Newco Müller & Söhne Metals Ltd",
    "part of the name": lambda _: "ller & Söh",
    "name without umlauts": lambda _: "newco mueller soehne",
    "name in another form": lambda _: "Müller Söhne GmbH",
    "two letters": lambda _: "ne",
}


@pytest.mark.parametrize("reading", FINDS)
def test_it_is_found_by(reading: str, wanted: Registration) -> None:
    assert found(FINDS[reading](wanted)) == [wanted]


@pytest.mark.parametrize(
    "text",
    [
        "ABCDEFGHJ12",
        "12345678",
        "%",
        "_",
        "\\",
        "kim@",
        "@",
        "nobody@contact.example",
        "\0",
        "x" * 5000,
        "org-",
        "' OR 1=1",
    ],
)
def test_it_is_not_found_by(text: str, wanted: Registration) -> None:
    assert wanted not in found(text) or not text.strip("\0 ")


def test_nothing_typed_is_everything(wanted: Registration) -> None:
    assert len(found("  ")) == 2


def test_it_stays_within_what_was_there_to_search(wanted: Registration) -> None:
    denied = Registration.objects.filter(state="denied")

    assert not queries.search_registrations(denied, "ABCDEFGHJ123").exists()


def test_every_way_of_looking_has_an_index(wanted: Registration) -> None:
    """Where PostgreSQL may not read the whole table, no reading makes it do so."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for reading, text in FINDS.items():
            rows: Any = queries.search_registrations(Registration.objects.order_by(), text(wanted))
            statement, parameters = rows.query.sql_with_params()
            cursor.execute(f"EXPLAIN {statement}", parameters)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan" not in plan, f"{reading}:\n{plan}"
            assert "Filter" not in plan, f"{reading}:\n{plan}"


def test_it_takes_few_queries(wanted: Registration, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(3):
        found("ana@named.example")
