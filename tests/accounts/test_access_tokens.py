"""Access tokens: made by their owner alone, known by a digest, good for what they say, and for no longer."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AccessToken, Scope, Session, User
from accounts.ports import FactorRule
from accounts.services import access_tokens, people
from accounts.services.access_tokens import authenticate
from core.actor import Actor, ActorKind
from core.errors import DomainError, Gone, Invalid, NotAllowed, SignInRequired
from core.models import AuditEvent, Outcome
from core.outbox import render
from tests.accounts.stages import ADMINISTRATOR, Invited, Upstairs, activate, events, mails

BOTH = [Scope.FILES_SEND, Scope.FILES_FETCH]
ADDRESS = "203.0.113.5"


def acting(user: User, *proofs: str) -> Actor:
    return replace(people.acting(user, seen=ADMINISTRATOR), proofs=frozenset(proofs or {"password"}))


def make(user: User, *, name: str = "Build server", scopes: list[Scope] = BOTH, days: float = 90, **more: str) -> str:
    """The secret of a new token of ``user``."""
    actor = acting(user, *more.pop("proofs", "password").split())
    return access_tokens.create(actor, user=user, name=name, scopes=scopes, lifetime=timedelta(days=days), **more)[1]


def use(secret: str, scope: Scope = Scope.FILES_SEND, *, ip: str = ADDRESS) -> Actor:
    return authenticate(secret, scope=scope, ip=ip, request_id="request-0001")


def refused_with(secret: str, scope: Scope = Scope.FILES_SEND) -> tuple[int, str]:
    with pytest.raises(DomainError) as refusal:
        use(secret, scope)
    assert refusal.value.headers == ({"WWW-Authenticate": "Bearer"} if refusal.value.status == 401 else {})
    return refusal.value.status, refusal.value.error_code


def token_of(secret: str) -> AccessToken:
    return AccessToken.objects.select_related("user").get(digest=hashlib.sha256(secret.encode()).digest())


def fields_of(refusal: pytest.ExceptionInfo[Invalid]) -> set[str]:
    return set(refusal.value.fields)


# --- Making one -------------------------------------------------------------------------------------------------------


def test_a_token_lets_a_program_in_as_its_owner_with_the_proofs_of_the_session_that_made_it(person: User) -> None:
    actor = use(make(person, proofs="password passkey"))
    assert (actor.kind, actor.user_id, actor.label) == (ActorKind.USER, person.id, person.user_id)
    assert actor.proofs == {"password", "passkey"}
    assert (actor.ip, actor.request_id) == (ADDRESS, "request-0001")
    assert not actor.is_staff
    assert actor.roles == frozenset()


def test_the_table_holds_a_digest_and_four_characters_of_the_secret_and_no_session_is_begun(person: User) -> None:
    secret = make(person)
    use(secret)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM accounts_accesstoken t")
        (row,) = cursor.fetchall()
    assert secret[4:40] not in row[0]
    assert token_of(secret).hint == secret[-4:]
    assert not Session.objects.exists()


def test_no_two_secrets_are_alike_and_all_have_the_shape_that_scanners_know(person: User) -> None:
    secrets = {make(person, name=f"Program {number}") for number in range(5)}
    assert len(secrets) == 5
    assert all(access_tokens.is_access_token(secret) and len(secret) == 53 for secret in secrets)
    assert not access_tokens.is_access_token("4n0thErS3cret")


def test_its_owner_is_told_by_mail_without_the_secret(person: User) -> None:
    secret = make(person, name="Wichita <b>build</b>")
    (mail,) = mails("access_token_made")
    rendered = render(mail)
    assert mail.to == person.email
    assert "Wichita <b>build</b> (…" in rendered.text
    assert "<b>build</b>" not in rendered.html
    assert "Send files, Fetch files" in rendered.text
    assert "/account/access-tokens/" in rendered.text
    assert secret not in rendered.text + rendered.html


def test_making_and_revoking_are_in_the_audit_trail(person: User) -> None:
    token = token_of(make(person))
    access_tokens.revoke(acting(person), token=token)
    (made,), (revoked,) = events("accounts.access_token.create"), events("accounts.access_token.revoke")
    for event in (made, revoked):
        assert event.target_id == str(person.pk)
        assert event.data["token"] == str(token.pk)
        assert event.data["scopes"] == ["files:send", "files:fetch"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " \t "}, "name"),
        ({"name": "n" * 61}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["files:send", "files:all"]}, "scopes"),
        ({"lifetime": timedelta(hours=23)}, "lifetime"),
        ({"lifetime": timedelta(days=365, seconds=1)}, "lifetime"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(person: User, wrong: dict[str, object], field: str) -> None:
    right = {"name": "n" * 60, "scopes": ["files:send"], "lifetime": timedelta(days=365)}
    with pytest.raises(Invalid) as refusal:
        access_tokens.create(acting(person), user=person, **{**right, **wrong})  # type: ignore[arg-type] # wrong on purpose
    assert fields_of(refusal) == {field}
    assert not AccessToken.objects.exists()
    access_tokens.create(acting(person), user=person, **right)  # type: ignore[arg-type] # as above


def test_a_name_is_kept_on_one_line_and_taken_once_until_its_token_ends(person: User) -> None:
    token = token_of(make(person, name="  Build\r\nserver\u0000  "))
    assert token.name == "Build server"
    with pytest.raises(Invalid) as refusal:
        make(person, name="BUILD server")
    assert fields_of(refusal) == {"name"}
    access_tokens.revoke(acting(person), token=token)
    make(person, name="BUILD server")


def test_twenty_live_ones_are_enough(person: User) -> None:
    for number in range(20):
        make(person, name=f"Program {number}", days=1 + number)
    with pytest.raises(Invalid, match="You have 20 tokens already"):
        make(person, name="One more")
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        make(person, name="One more")


def test_nobody_makes_one_for_somebody_else_and_staff_make_none(person: User, staff: User) -> None:
    for actor, user in ((acting(staff), person), (ADMINISTRATOR, person), (acting(staff), staff)):
        with pytest.raises(NotAllowed):
            access_tokens.create(actor, user=user, name="Build server", scopes=BOTH)
    assert not AccessToken.objects.exists()
    make(person)


def test_a_session_that_ended_meanwhile_makes_none(person: User) -> None:
    with pytest.raises(Gone):
        make(person, session_key="ended")
    assert not AccessToken.objects.exists()


def test_the_table_takes_no_scope_that_there_is_not_and_none_without(person: User) -> None:
    token = token_of(make(person))
    for scopes in (["files:all"], []):
        with pytest.raises(IntegrityError), transaction.atomic():
            AccessToken.objects.filter(pk=token.pk).update(scopes=scopes)


# --- Getting in with it -----------------------------------------------------------------------------------------------


def test_every_typing_error_is_told_without_asking_the_database(person: User, invited_other: Invited) -> None:
    secret = make(person)
    swapped = secret[:20] + ("A" if secret[20] != "A" else "B") + secret[21:]
    for wrong in ("", "mag_", secret[:-1], secret + "x", swapped, secret.upper(), f"{secret}\n", "mag_" + "é" * 49):
        with pytest.raises(SignInRequired) as refusal:
            use(wrong)
        assert refusal.value.error_code == "token_unknown"
    assert use(secret).user_id == person.id


def test_one_that_was_never_made_is_unknown(person: User) -> None:
    secret = make(person)
    AccessToken.objects.filter(pk=token_of(secret).pk).update(digest=b"\0" * 32)
    assert refused_with(secret) == (401, "token_unknown")


def test_it_ends_to_the_second(person: User) -> None:
    secret = make(person, days=1)
    end = token_of(secret).expires_at
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        use(secret)
    with time_machine.travel(end, tick=False):
        assert refused_with(secret) == (401, "token_expired")


def test_a_revoked_one_opens_nothing_and_leaves_the_others(person: User) -> None:
    lost, kept = make(person, name="Lost"), make(person, name="Kept")
    access_tokens.revoke(acting(person), token=token_of(lost))
    assert refused_with(lost) == (401, "token_revoked")
    use(kept)
    assert [token.name for token in access_tokens.live_of(person)] == ["Kept"]


def test_it_does_only_what_it_was_made_for(person: User) -> None:
    secret = make(person, scopes=[Scope.FILES_FETCH])
    use(secret, Scope.FILES_FETCH)
    assert refused_with(secret, Scope.FILES_SEND) == (403, "scope_missing")
    assert token_of(secret).last_used_at is not None


def test_who_may_not_sign_in_gets_in_by_no_program_either(person: User, upstairs: Upstairs) -> None:
    secret = make(person)
    upstairs.shut_out.add(person.user_id)
    assert refused_with(secret) == (401, "owner_inactive")
    upstairs.shut_out.clear()
    use(secret)


def test_a_stricter_rule_on_second_factors_turns_away_what_was_made_with_less(person: User, upstairs: Upstairs) -> None:
    by_password = make(person, name="A", proofs="password")
    by_app = make(person, name="B", proofs="password authenticator_app")
    by_passkey = make(person, name="C", proofs="passkey")
    for secret in (by_password, by_app, by_passkey):
        use(secret)
    upstairs.rule = FactorRule(required=True)
    assert refused_with(by_password) == (403, "stronger_sign_in_required")
    use(by_app)
    use(by_passkey)
    upstairs.rule = FactorRule(required=True, kinds=frozenset({"passkey"}))
    assert refused_with(by_app) == (403, "stronger_sign_in_required")
    use(by_passkey)
    upstairs.rule = FactorRule(required=True, passkey_alone=False)
    assert refused_with(by_passkey) == (403, "stronger_sign_in_required")
    use(by_app)


def test_the_grace_of_such_a_rule_runs_for_programs_too_and_ends(person: User, upstairs: Upstairs) -> None:
    secret = make(person)
    upstairs.rule = FactorRule(required=True, grace=timedelta(days=14))
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        use(secret)
    with time_machine.travel(now + timedelta(days=14, seconds=-1), tick=False):
        use(secret)
    with time_machine.travel(now + timedelta(days=14), tick=False):
        assert refused_with(secret) == (403, "stronger_sign_in_required")


def test_every_refusal_is_in_the_audit_trail_under_the_name_of_the_owner(person: User) -> None:
    secret = make(person, scopes=[Scope.FILES_FETCH])
    refused_with(secret, Scope.FILES_SEND)
    access_tokens.revoke(acting(person), token=token_of(secret))
    refused_with(secret)
    refused_with("mag_nothing")
    noted = AuditEvent.objects.filter(action="core.request.refuse", outcome=Outcome.REFUSED).order_by("at")
    assert [event.actor_label for event in noted] == [person.user_id, person.user_id, "visitor"]
    assert all(event.ip == ADDRESS and event.reason for event in noted)
    assert noted[0].data == {"scope": "files:send", "access_token": str(token_of(secret).pk)}


def test_the_last_use_is_written_once_a_minute_and_says_from_where(person: User) -> None:
    secret = make(person)
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        use(secret)
    with time_machine.travel(now + timedelta(seconds=59), tick=False), CaptureQueriesContext(connection) as asked:
        use(secret, ip="198.51.100.7")
    assert not [query for query in asked.captured_queries if query["sql"].startswith("UPDATE")]
    assert (token_of(secret).last_used_at, token_of(secret).last_used_ip) == (now, ADDRESS)
    with time_machine.travel(now + timedelta(seconds=60), tick=False):
        use(secret, ip="198.51.100.7")
    token = token_of(secret)
    assert (token.last_used_at, token.last_used_ip) == (now + timedelta(seconds=60), "198.51.100.7")


def test_getting_in_costs_one_look_at_the_table(person: User) -> None:
    secret = make(person)
    use(secret)
    with CaptureQueriesContext(connection) as asked:
        use(secret)
    assert len(asked) == 1, "the ports of this room's tests ask nothing of the database"


# --- Revoking ---------------------------------------------------------------------------------------------------------


def test_staff_revoke_with_a_reason_that_the_owner_reads_and_others_do_not(
    person: User, staff: User, invited_other: Invited
) -> None:
    token, other = token_of(make(person)), activate(invited_other)
    with pytest.raises(NotAllowed):
        access_tokens.revoke(acting(other), token=token, reason="Mine now")
    with pytest.raises(Invalid) as refusal:
        access_tokens.revoke(acting(staff), token=token, reason=" ")
    assert fields_of(refusal) == {"reason"}
    assert access_tokens.revoke(acting(staff), token=token, reason="Found in a public repository").revoked_at
    assert token.ended_reason == "Found in a public repository"
    (event,) = events("accounts.access_token.revoke")
    assert (event.actor_label, event.reason) == (staff.user_id, "Found in a public repository")


def test_revoking_twice_changes_nothing_more(person: User) -> None:
    token = token_of(make(person))
    first = access_tokens.revoke(acting(person), token=token).revoked_at
    assert access_tokens.revoke(acting(person), token=token).revoked_at == first
    assert len(events("accounts.access_token.revoke")) == 1
