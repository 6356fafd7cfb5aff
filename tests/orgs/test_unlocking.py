"""Administration → Users: somebody whom wrong passwords keep out is let try again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from core.models import AuditEvent
from orgs.models import Membership
from tests.orgs.browsing import Viewer
from tests.orgs.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def locked(world: World) -> Membership:
    """A member whose password is switched off."""
    User.objects.filter(pk=world.employee.user_id).update(failed_tries=settings.WRONG_PASSWORDS_IN_A_ROW)
    return world.employee


def page_of(membership: Membership) -> str:
    return f"/administration/users/{membership.pk}/"


def is_off(membership: Membership) -> bool:
    return User.objects.get(pk=membership.user_id).password_is_off


def test_an_administrator_sees_the_lock_and_opens_it(
    world: World, locked: Membership, browser_of: Callable[..., Client]
) -> None:
    browser = browser_of(world.inviter)
    assert "Password switched off" in browser.get(page_of(locked)).content.decode()

    answer = browser.post(f"{page_of(locked)}unlock/", follow=True)

    page = answer.content.decode()
    assert "may try again, with the password they had" in page
    assert "Password switched off" not in page
    assert not is_off(locked)
    [event] = AuditEvent.objects.filter(action="accounts.sign_in.unlock")
    assert (event.actor_id, event.target_id) == (world.inviter.user_id, str(locked.user_id))


def test_somebody_who_is_not_locked_has_no_button(world: World, browser_of: Callable[..., Client]) -> None:
    assert "unlock/" not in browser_of(world.inviter).get(page_of(world.employee)).content.decode()


@pytest.mark.parametrize(("who", "status"), [("approver", 403), ("employee", 403), ("stranger", 404)])
def test_nobody_else_unlocks(
    world: World, locked: Membership, browser_of: Callable[..., Client], who: str, status: int
) -> None:
    assert browser_of(getattr(world, who)).post(f"{page_of(locked)}unlock/").status_code == status
    assert is_off(locked)


def test_looking_unlocks_nobody(world: World, locked: Membership, browser_of: Callable[..., Client]) -> None:
    assert browser_of(world.inviter).get(f"{page_of(locked)}unlock/").status_code == 405
    assert is_off(locked)


def test_administrators_do_not_unlock_themselves(world: World, browser_of: Callable[..., Client]) -> None:
    User.objects.filter(pk=world.inviter.user_id).update(failed_tries=settings.WRONG_PASSWORDS_IN_A_ROW)
    browser = browser_of(world.inviter)
    page = browser.get(page_of(world.inviter)).content.decode()
    assert "Password switched off" in page
    assert "unlock/" not in page
    assert browser.post(f"{page_of(world.inviter)}unlock/").status_code == 403
    assert is_off(world.inviter)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_lock_is_seen_in_any_light_and_opened(viewer: Viewer, world: World, locked: Membership) -> None:
    viewer.sign_in(world.inviter)
    viewer.see("user-locked", page_of(locked))
    viewer.press("Unlock")
    viewer.page.get_by_text("may try again").wait_for()
