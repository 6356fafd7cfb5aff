"""Opening an application that asks for a passkey, in a browser whose device can hold one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.models import Passkey
from accounts.proofs import FactorKind
from orgs.services import second_factor_rules
from tests.accounts.sitting import Sitting, sitting
from tests.sft import world as worlds
from tests.sft.world import PEN, World, sft
from tests.signing_in import fresh, let_in_by_password

__all__ = ["sitting"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db: None) -> World:
    return worlds.build()


def test_a_session_of_a_password_alone_shows_a_passkey_and_is_in(world: World, sitting: Sitting) -> None:
    let_in_by_password()
    user = world.sender.user
    second_factor_rules.set_rule(PEN, application=sft(), required=True, kinds=[FactorKind.PASSKEY.value])
    sitting.take_over(fresh(user))

    sitting.open("/home/")
    sitting.page.get_by_role("link", name="Open Application").click()
    sitting.is_at("/account/security/")
    expect(sitting.page.get_by_role("status")).to_contain_text(
        "asks for a second factor (passkey). Set one up here, then open it again."
    )
    sitting.page.get_by_role("link", name="Add a passkey").click()
    sitting.page.get_by_label("Name").fill("Laptop")
    sitting.press("Add a passkey")
    sitting.is_at("/account/security/recovery-codes/")
    assert Passkey.objects.get(user=user).name == "Laptop"

    sitting.open("/sft/")
    sitting.is_at("/sft/")

    sitting.sign_out()
    sitting.take_over(fresh(user))
    sitting.open("/sft/")
    expect(sitting.page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
    expect(sitting.page.get_by_text("asks for a stronger sign-in")).to_be_visible()
    sitting.press("Use your passkey")
    sitting.is_at("/sft/")
    expect(sitting.page.get_by_role("heading", level=1)).to_have_text("Received")
