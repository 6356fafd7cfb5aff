"""How often somebody may try to sign in, and what is said to whoever tries too often."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from accounts.services.limits import SIGN_IN
from tests.accounts.stages import enter, is_signed_in, name_it

ELSEWHERE = "198.51.100.77"
PASSWORD_PAGE = "/sign-in/password/"


def test_too_many_tries_are_told_to_wait(client: Client, person: User) -> None:
    for _ in range(SIGN_IN.here.free):
        assert enter(client, person.user_id, "wrong wrong wrong").status_code == 422
    response = enter(client, person.user_id)
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= SIGN_IN.here.first.total_seconds() + 1
    assert "Wait" in response.content.decode()
    assert not is_signed_in(client)
    assert enter(Client(REMOTE_ADDR=ELSEWHERE), person.user_id).status_code == 302


def test_unknown_names_are_counted_like_known_ones(client: Client, db: None) -> None:
    statuses = [enter(client, "nobodyn_0000").status_code for _ in range(SIGN_IN.here.free + 1)]
    assert statuses == [422] * SIGN_IN.here.free + [429]


def test_an_address_that_tries_many_names_is_stopped(client: Client, person: User) -> None:
    for number in range(SIGN_IN.address.item.amount):
        assert enter(client, f"nobodyn_{number:04}").status_code == 422
    assert enter(client, person.user_id).status_code == 429
    assert enter(Client(REMOTE_ADDR=ELSEWHERE), person.user_id).status_code == 302


def test_success_forgets_the_tries(client: Client, person: User) -> None:
    for _ in range(3):
        for _ in range(SIGN_IN.here.free - 1):
            assert enter(Client(), person.user_id, "wrong wrong wrong").status_code == 422
        assert enter(Client(), person.user_id).status_code == 302


def test_what_a_client_claims_of_its_address_does_not_matter(client: Client, person: User) -> None:
    name_it(client, person.user_id)
    for number in range(SIGN_IN.here.free):
        claimed = {"X-Forwarded-For": f"192.0.2.{number}"}
        typed = {"identifier": person.user_id, "password": "wrong wrong wrong"}
        assert client.post(PASSWORD_PAGE, typed, headers=claimed).status_code == 422
    assert enter(client, person.user_id).status_code == 429


def test_without_redis_nobody_gets_in(client: Client, person: User, no_redis: None) -> None:
    response = enter(client, person.user_id)
    assert response.status_code == 503
    assert response["Retry-After"]
    assert not is_signed_in(client)
