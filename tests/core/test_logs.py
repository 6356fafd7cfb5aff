"""What a log line may hold."""

from __future__ import annotations

import logging

import pytest

from core.logs import OneLineFormatter
from tests.orgs.joiner import Joiner


def line(message: str, *args: object) -> str:
    record = logging.LogRecord("django.request", logging.WARNING, __file__, 1, message, args, None)
    return OneLineFormatter("%(levelname)s %(message)s").format(record)


def test_a_line_break_forges_no_line() -> None:
    assert line("Not Found: %s", "/a\nERROR b\x1b[2J") == "WARNING Not Found: /a\\nERROR b\\x1b[2J"


@pytest.mark.parametrize("around", ["{}", "x{}", "{}=", "{}%20and"])
def test_the_secret_of_a_link_is_masked(around: str) -> None:
    secret = "aB3-_" * 8 + "xyz"

    assert line("Gone: %s", f"/invitation/{around.format(secret)}/join/") == "WARNING Gone: /invitation/-/join/"


def test_keys_of_rows_stay_readable() -> None:
    path = "/register/4d2f6f0e-3f7e-4a44-9f0c-7f1f5b0f8c11/application-administrators/"

    assert line("Not Found: %s", path).endswith(path)


@pytest.mark.django_db
def test_a_form_that_is_sent_wrong_does_not_log_its_link(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    joiner = Joiner()
    joiner.start()
    joiner.open_mail()
    joiner.confirm()
    monkeypatch.setattr(caplog.handler, "formatter", OneLineFormatter("%(message)s"))
    caplog.clear()

    assert joiner.choose(organization_id="").status_code == 422

    assert "Unprocessable" in caplog.text
    assert joiner.page.strip("/").rpartition("/")[2] not in caplog.text
