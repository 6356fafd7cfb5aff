"""Mail fan-out by real workers, some of which are killed: a small run of ``benchmarks/mails.py``."""

from __future__ import annotations

import pytest

from benchmarks import mails

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def test_with_workers_killed_no_mail_is_lost_and_every_double_was_in_doubt(worker_environment: dict[str, str]) -> None:
    outcome = mails.fan_out(mails=300, kills=2, environment=worker_environment)

    assert outcome.kills == 2
    assert outcome.lost == 0
    assert len(outcome.taken) == 300
    assert outcome.unexplained == set()
    assert sum(outcome.doubles.values()) <= len(outcome.doubted)
