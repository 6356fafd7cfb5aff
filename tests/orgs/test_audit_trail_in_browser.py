"""The pages of the audit trail as people see them, wide and narrow, in light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import transaction

from core import audit
from core.audit import checks
from core.models import Outcome
from orgs.services import memberships
from tests.core.test_audit_export import run_verifier
from tests.orgs import world as worlds
from tests.orgs.browsing import Viewer
from tests.orgs.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def eventful(world: World) -> World:
    actor = worlds.acting(world.inviter).at(ip="2001:db8:85a3::8a2e:370:7334", request_id="request-0077")
    worlds.invite(world)
    memberships.suspend(actor, membership=world.employee, reason="Left the company at the end of the month.")
    with transaction.atomic():
        audit.record(
            actor,
            "core.request.refuse",
            outcome=Outcome.REFUSED,
            reason="Only an Organization Administrator asks for another one.",
            data={"method": "POST", "page": "orgs:user-administrator"},
        )
    return world


def test_an_organization_administrator_looks_and_takes_the_trail_home(
    eventful: World, viewer: Viewer, tmp_path: Path
) -> None:
    viewer.sign_in(eventful.inviter)
    page = viewer.see("audit-trail", "/administration/audit-trail/")
    viewer.see("audit-trail-wrong", "/administration/audit-trail/?since=yesterday", status=422)
    viewer.see("audit-trail-empty", "/administration/audit-trail/?q=nobody")
    viewer.open("/administration/audit-trail/")
    key = page.locator(".audit-key").inner_text()
    with page.expect_download() as downloading:
        viewer.press("CSV")
    downloading.value.save_as(tmp_path / "audit-trail.zip")
    assert run_verifier(tmp_path / "audit-trail.zip", "--key", key).returncode == 0
    page.get_by_role("link", name="Member suspended").click()
    viewer.see("audit-event")
    assert page.get_by_text("Left the company at the end of the month.").is_visible()


def test_staff_look_at_all_of_it(eventful: World, viewer: Viewer) -> None:
    viewer.sign_in(eventful.staff)
    page = viewer.see("staff-audit-trail", "/admin/core/auditevent/")
    page.get_by_role("link", name="Member suspended").click()
    viewer.see("staff-audit-event")
    viewer.open("/admin/core/auditevent/checks/")
    viewer.press("Check now")
    page.get_by_text("Waits for a worker").wait_for()
    checks.run(checks.by_the_clock())
    viewer.see("staff-audit-checks", "/admin/core/auditevent/checks/")
