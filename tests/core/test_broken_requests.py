"""Requests that no page expects, and a database that goes away in the middle of one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from accounts.session_store import SessionStore
from core.errors import TooMany

JSON = {"accept": "application/json"}


@pytest.fixture(autouse=True)
def addresses(settings: LazySettings) -> None:
    settings.ROOT_URLCONF = "tests.core.urls"


@pytest.fixture
def visitor(client: Client) -> Iterator[Client]:
    """Somebody with a session, whom a broken page does not stop; what is left of the connection is closed."""
    session = SessionStore()
    session["a"] = "b"
    session.create()
    client.cookies["session"] = str(session.session_key)
    client.raise_request_exception = False
    yield client
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_is_a_page_that_says_to_come_back(visitor: Client) -> None:
    response = visitor.get("/broken-off/")
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert "Nothing was lost: wait a minute and try again." in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_is_a_document_for_programs(visitor: Client) -> None:
    response = visitor.get("/broken-off/", headers=JSON)
    assert response.status_code == 503
    assert response.json()["code"] == "unavailable"


@pytest.mark.django_db
def test_a_page_without_a_form_says_what_is_wrong_with_each_field(client: Client) -> None:
    page = client.get("/refuse/invalid/")
    assert "Look again." in page.content.decode()
    assert "<li>Enter a name.</li>" in page.content.decode()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (89, "89 seconds"),
        (90, "2 minutes"),
        (15 * 60, "15 minutes"),
        (90 * 60, "90 minutes"),
        (90 * 60 + 1, "2 hours"),
        (24 * 60 * 60, "24 hours"),
    ],
)
def test_the_time_to_wait_is_in_the_unit_a_person_would_say(seconds: int, words: str) -> None:
    assert TooMany(retry_after=seconds).sentence == f"There were too many tries. Wait {words} and try again."


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["?q=%00", "?after=a%00b"])
def test_a_nul_in_the_address_is_refused_before_anything_looks_for_it(visitor: Client, query: str) -> None:
    assert visitor.get(f"/whoami/{query}").status_code == 400
    assert visitor.get(f"/whoami/{query.replace('%00', '0')}").status_code == 200


@pytest.mark.django_db
def test_a_nul_in_a_cookie_is_refused_before_it_reaches_the_table_of_sessions(visitor: Client) -> None:
    response = visitor.get("/whoami/", headers={"cookie": r'session="\000abcdefgh"'})
    assert response.status_code == 400
    assert "Content-Security-Policy" in response
