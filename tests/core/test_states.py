"""``core.states``: the only writer of a state. Mail is the subject, as it is a machine of the ground floor itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from core import states
from core.actor import Actor
from core.errors import Conflict
from core.models import AuditEvent, Mail, MailState

ACTOR = Actor.system("test")
NewMail = Callable[..., Mail]


@pytest.fixture
def new_mail() -> NewMail:
    def make(**fields: object) -> Mail:
        return Mail.objects.create(template="core/mail/test", to="someone@example.com", **fields)

    return make


@pytest.mark.django_db
def test_advance_writes_state_and_changes_in_one_update(
    new_mail: NewMail, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mail = new_mail()
    with django_assert_num_queries(1):
        states.advance(mail, "claim", actor=ACTOR, attempts=1)
    stored = Mail.objects.get(pk=mail.pk)
    assert (stored.state, stored.attempts) == (MailState.SENDING, 1)
    assert (mail.state, mail.attempts) == (MailState.SENDING, 1)


@pytest.mark.django_db
def test_a_move_the_table_does_not_have_is_a_conflict_and_changes_nothing(new_mail: NewMail) -> None:
    mail = new_mail()
    with pytest.raises(Conflict, match="Queued"):
        states.advance(mail, "resend", actor=ACTOR)
    assert Mail.objects.get(pk=mail.pk).state == MailState.QUEUED


@pytest.mark.django_db
def test_a_stale_object_is_a_conflict_that_names_the_state_of_now(new_mail: NewMail) -> None:
    mail = new_mail()
    same = Mail.objects.get(pk=mail.pk)
    states.advance(mail, "claim", actor=ACTOR)
    with pytest.raises(Conflict, match="Sending"):
        states.advance(same, "claim", actor=ACTOR)
    assert same.state == MailState.QUEUED


@pytest.mark.django_db
def test_a_deleted_object_is_a_conflict(new_mail: NewMail) -> None:
    mail = new_mail()
    Mail.objects.filter(pk=mail.pk).delete()
    with pytest.raises(Conflict, match="no longer exists"):
        states.advance(mail, "claim", actor=ACTOR)


@pytest.mark.django_db
def test_an_unknown_action_is_a_mistake_of_the_code(new_mail: NewMail) -> None:
    with pytest.raises(LookupError):
        states.advance(new_mail(), "fly", actor=ACTOR)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_wins(new_mail: NewMail) -> None:
    mail = new_mail()

    def claim(_: int) -> bool:
        try:
            states.advance(Mail.objects.get(pk=mail.pk), "claim", actor=ACTOR)
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(16))) == 1


def test_a_table_with_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        states.register(Mail, [("claim", "queued", "nowhere")])
    assert states.permits(Mail(state="queued"), "claim")


@pytest.mark.parametrize("machine", states.machines(), ids=lambda machine: machine.model.__name__)
def test_every_state_but_the_first_can_be_reached(machine: states.Machine) -> None:
    first = machine.model().state  # type: ignore[attr-defined]
    reached = {first}
    for _ in machine.transitions:
        reached |= {move.target for move in machine.transitions if reached & set(move.sources)}
    assert reached == set(states.labels(machine.model))


@pytest.mark.django_db
def test_an_audited_machine_leaves_an_event_with_both_states() -> None:
    from accounts.models import User

    user = User.objects.create(user_id="doej_0001", email="j@example.com", first_name="J", last_name="Doe")
    states.advance(user, "start_first_login", actor=ACTOR, reason="because")
    event = AuditEvent.objects.get(target_id=str(user.pk))
    assert (event.action, event.reason) == ("accounts.user.start_first_login", "because")
    assert event.data == {"from": "invited", "to": "first_login"}
