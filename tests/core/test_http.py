"""Requests and refusals as a browser and a program see them."""

from __future__ import annotations

from functools import partial

import pytest
from django.conf import LazySettings
from django.test import Client, RequestFactory

from core.errors import TooMany
from core.http import client_address
from core.views import csp

JSON = {"accept": "application/json"}


@pytest.fixture(autouse=True)
def addresses(settings: LazySettings) -> None:
    settings.ROOT_URLCONF = "tests.core.urls"


STATUSES = [
    ("not_allowed", 403),
    ("sign_in_required", 401),
    ("not_found", 404),
    ("conflict", 409),
    ("gone", 410),
    ("too_large", 413),
    ("unavailable", 503),
    ("too_many", 429),
    ("invalid", 422),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "status"), STATUSES)
def test_a_refusal_is_a_page_for_people_and_a_document_for_programs(client: Client, code: str, status: int) -> None:
    page = client.get(f"/refuse/{code}/")
    document = client.get(f"/refuse/{code}/", headers=JSON)
    assert page.status_code == document.status_code == status
    assert document.json()["code"] == code
    assert document.json()["request_id"] == document["X-Request-ID"]
    assert page["X-Request-ID"] in page.content.decode()


@pytest.mark.django_db
def test_a_refusal_that_passes_says_when_to_come_back(client: Client) -> None:
    assert client.get("/refuse/too_many/")["Retry-After"] == "90"


@pytest.mark.django_db
def test_field_errors_reach_programs(client: Client) -> None:
    assert client.get("/refuse/invalid/", headers=JSON).json()["fields"] == {"name": "Enter a name."}


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, JSON], ids=["page", "document"])
def test_a_broken_page_tells_a_number_and_nothing_of_its_inside(client: Client, headers: dict[str, str]) -> None:
    client.raise_request_exception = False
    response = client.get("/refuse/broken/", headers=headers)
    assert response.status_code == 500
    assert "secret internals" not in response.content.decode()
    assert response["X-Request-ID"] in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/nowhere/", "/refuse/conflict/"])
def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    response = client.get(path)
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "kept"), [("a-good-id-0001", True), ("short", False), ("x" * 65, False), ("a b\nc d e f", False)]
)
def test_a_request_id_is_kept_only_when_it_is_one(client: Client, given: str, kept: bool) -> None:
    assert (client.get("/healthz", headers={"x-request-id": given})["X-Request-ID"] == given) is kept


@pytest.mark.parametrize(
    ("report", "status"),
    [
        ('{"csp-report": {"blocked-uri": "https://elsewhere.example", "document-uri": "/"}}', 204),
        ('{"csp-report": []}', 400),
        ("no report", 400),
        ("[" * 16_000, 400),
    ],
    ids=["a report", "an empty one", "none", "a deep one"],
)
def test_what_is_no_report_of_the_content_security_policy_is_ignored(report: str, status: int) -> None:
    request = RequestFactory().post("/csp-report/", report, content_type="application/csp-report")
    assert csp.report(request).status_code == status


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.66, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "not an address", None),
    ],
)
def test_what_a_client_writes_into_forwarded_for_does_not_count(
    settings: LazySettings, proxies: int, forwarded: str, address: str | None
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    request = RequestFactory(headers=headers).get("/", REMOTE_ADDR="192.0.2.1")
    assert client_address(request) == address


@pytest.mark.parametrize(
    ("given", "address"), [("::ffff:192.0.2.1", "192.0.2.1"), ("2001:0DB8::0:1", "2001:db8::1"), ("unix:", None)]
)
def test_an_address_is_written_in_one_way(given: str, address: str | None) -> None:
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=given)) == address


def test_nobody_fills_the_log_with_reports() -> None:
    document = '{"csp-report": {"blocked-uri": "https://elsewhere.example", "document-uri": "/"}}'
    request = partial(RequestFactory().post, "/csp-report/", document, content_type="application/csp-report")
    for _ in range(30):
        assert csp.report(request()).status_code == 204
    with pytest.raises(TooMany):
        csp.report(request())
    assert csp.report(request(REMOTE_ADDR="192.0.2.77")).status_code == 204
