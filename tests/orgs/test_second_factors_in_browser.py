"""The pages about second factors here and at the operator’s desk, and “Confirm it is you”: for all eyes and lights."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import expect

from accounts.models import FactorReset
from accounts.proofs import FactorKind
from accounts.services import factor_resets
from orgs.models import Membership
from orgs.services import second_factor_rules
from tests.accounts.factors import code_of, with_app
from tests.accounts.stages import enter
from tests.orgs.browsing import Viewer
from tests.orgs.world import PEN, World, acting
from tests.signing_in import PASSWORD, fresh

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def with_password(member: Membership) -> Membership:
    member.user.set_password(PASSWORD)
    member.user.save()
    return member


def test_the_rule_of_an_organisation_behind_a_confirmation(world: World, viewer: Viewer) -> None:
    administrator = with_password(world.inviter)
    app = with_app(administrator.user)
    viewer.sign_in(administrator)
    viewer.see("confirm-password", "/administration/second-factors/")
    viewer.fill(password=PASSWORD)
    viewer.press("Confirm")
    viewer.see("confirm-code")
    viewer.fill(code=code_of(app))
    viewer.press("Confirm")
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("Second factors")
    viewer.see("rule-of-organisation")
    viewer.page.get_by_label("Days of grace").fill("7")
    viewer.press("Save")
    expect(viewer.page.get_by_text("7 days of grace")).to_be_visible()
    viewer.see("rule-of-organisation-saved")


def test_somebody_who_lost_theirs(world: World, viewer: Viewer) -> None:
    employee = with_password(world.employee)
    with_app(employee.user)
    client = Client()
    enter(client, employee.user.user_id, PASSWORD)
    viewer.take_over(client)
    viewer.see("second-factor", "/sign-in/second-factor/")
    viewer.page.get_by_role("link", name="Lost second factor").click()
    viewer.see("lost-factor")
    viewer.press("Ask for it")
    viewer.see("lost-factor-refused")
    viewer.fill(message="It fell into the harbour. Call me at extension 314.")
    viewer.press("Ask for it")
    expect(viewer.page.get_by_text("You have asked")).to_be_visible()
    viewer.see("lost-factor-asked")
    viewer.take_over(fresh(world.inviter.user))
    viewer.see("lost-factor-user", f"/administration/users/{employee.pk}/")
    viewer.page.get_by_role("link", name="Confirm who it is").click()
    viewer.see("lost-factor-vouch")
    viewer.fill(how="Called back at the number in our files.")
    viewer.press("It is this person")
    expect(viewer.page.get_by_text("Confirmed.")).to_be_visible()


def test_the_operator_s_pages(world: World, viewer: Viewer) -> None:
    with_app(world.employee.user)
    reset: FactorReset = factor_resets.ask(acting(world.employee), user=world.employee.user, message="Lost at sea.")
    second_factor_rules.set_rule(PEN, organization=world.aurora, required=True, kinds=[FactorKind.PASSKEY.value])
    viewer.take_over(fresh(world.staff))
    page = f"/admin/accounts/factorreset/{reset.pk}/change/"
    viewer.see("desk-lost-factors", "/admin/accounts/factorreset/")
    viewer.see("desk-lost-factor-asked", page)
    factor_resets.vouch(acting(world.inviter), reset=reset, how="Met at the front desk.")
    viewer.see("desk-lost-factor-vouched", page)
    viewer.see("desk-rules", "/admin/orgs/secondfactorrule/")
    viewer.see("desk-rule-of-everybody", "/admin/orgs/secondfactorrule/operator/")
    viewer.see("desk-rule-of-application", "/admin/orgs/secondfactorrule/application/sft/")
