"""Drafts: what is typed stays, recipients are checked one by one, and nothing of it can change once sent."""

from __future__ import annotations

import pytest

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from orgs.models import Membership, Partnership
from sft import access as loading
from sft import policies
from sft.models import AccessGrant, Package, PackageFile, Recipient, Subscription
from sft.services import access, delivery, drafts, recipients, subscriptions
from tests.sft import world as worlds
from tests.sft.uploading import add_upload, arrive, tell_stored
from tests.sft.world import World, acting, draft, operator
from transfers.models import Upload, UploadState
from transfers.services import uploads

pytestmark = pytest.mark.django_db


def _upload_as(who: Membership, package: Package) -> Upload:
    return uploads.create(acting(who), subject=package.pk, name="spar.step", size=1000)


def refusal_of(world: World, package: Package, who: str) -> str:
    with pytest.raises(Invalid) as refusal:
        recipients.add(acting(world.sender), package=package, who=who)
    return refusal.value.fields["recipient"]


def test_title_and_note_are_kept_as_typed_but_tidied(world: World) -> None:
    package = drafts.start(acting(world.sender), title="  Wing\tspar  ", note="Line 1\r\nLine 2\n\n")
    assert (package.title, package.note) == ("Wing spar", "Line 1\nLine 2")
    drafts.save(acting(world.sender), package=package, title="Wing spar, rev D", note="")
    assert Package.objects.get(pk=package.pk).title == "Wing spar, rev D"


@pytest.mark.parametrize(("title", "note", "field"), [("x" * 201, "", "title"), ("", "x" * 4001, "note")])
def test_too_long_words_are_refused_beside_their_field(world: World, title: str, note: str, field: str) -> None:
    package = drafts.start(acting(world.sender), title="x" * 200, note="x" * 4000)
    with pytest.raises(Invalid) as refusal:
        drafts.save(acting(world.sender), package=package, title=title, note=note)
    assert list(refusal.value.fields) == [field]
    assert len(Package.objects.get(pk=package.pk).title) == 200


@pytest.mark.parametrize("said", ["email", "EMAIL", "copied", "user_id", "picked"])
def test_a_recipient_is_added_by_what_people_know(world: World, said: str) -> None:
    user = world.recipient.user
    who = {
        "email": user.email,
        "EMAIL": f"  {user.email.upper()} ; ",
        "copied": f"Hanna Lindqvist <{user.email}>",
        "user_id": user.user_id.upper(),
        "picked": str(world.recipient.pk),
    }[said]
    package = draft(world, to=())
    assert recipients.add(acting(world.sender), package=package, who=who).membership == world.recipient


def test_a_colleague_with_access_is_a_recipient_too(world: World) -> None:
    added = recipients.add(acting(world.sender), package=draft(world, to=()), who=world.owner.user.email)
    assert added.membership == world.owner


def test_unknown_people_and_strangers_get_the_same_sentence(world: World) -> None:
    package = draft(world, to=())
    sentences = {
        refusal_of(world, package, who)
        for who in ("nobody@example.com", "nobody_1234", world.stranger.user.email, str(world.stranger.pk))
    }
    assert sentences == {recipients.UNKNOWN}


def test_a_company_that_is_no_partner_any_more_cannot_be_sent_to(world: World) -> None:
    package = draft(world, to=())
    Partnership.objects.all().delete()
    assert refusal_of(world, package, world.recipient.user.email) == recipients.UNKNOWN


def test_a_contact_without_access_is_refused_with_what_to_do(world: World) -> None:
    sentence = refusal_of(world, draft(world, to=()), world.newcomer.user.email)
    assert "Noah Lindqvist of Aurora Aerospace cannot open Secure File Transfer" in sentence
    assert "request access" in sentence


def test_a_contact_whose_organisation_is_suspended_from_the_application_is_refused(world: World) -> None:
    subscription = Subscription.objects.get(organization=world.harbor)
    subscriptions.suspend(operator(), subscription=subscription, reason="Unpaid.")
    assert "cannot open Secure File Transfer" in refusal_of(world, draft(world, to=()), world.recipient.user.email)


@pytest.mark.parametrize("field", ["email", "user_id"])
def test_oneself_is_refused_in_words_of_its_own(world: World, field: str) -> None:
    assert "You are the sender" in refusal_of(world, draft(world, to=()), getattr(world.sender.user, field))


def test_nobody_and_the_same_person_twice_are_refused(world: World) -> None:
    package = draft(world)
    assert "Type an e-mail address" in refusal_of(world, package, "  ")
    assert "is a recipient already" in refusal_of(world, package, world.recipient.user.email)
    assert package.recipients.count() == 1


def test_there_is_a_limit_of_recipients(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    package = draft(world)
    monkeypatch.setattr(policies, "RECIPIENTS_PER_PACKAGE", 1)
    assert "at most" in refusal_of(world, package, world.owner.user.email)


def test_a_recipient_can_be_taken_off_again(world: World) -> None:
    package = draft(world)
    recipients.remove(acting(world.sender), recipient=worlds.recipient_row(package, world.recipient))
    assert not package.recipients.exists()


def test_other_peoples_drafts_are_not_there(world: World) -> None:
    package = draft(world)
    for who in (world.owner, world.decider, world.recipient, world.stranger):
        with pytest.raises(NotFound):
            loading.own_package(acting(who), package.pk)
        with pytest.raises(NotFound):
            loading.package(acting(who), package.pk)
        with pytest.raises(NotAllowed):
            drafts.save(acting(who), package=package, title="Mine", note="")
    assert loading.own_package(acting(world.sender), package.pk) == package


def test_removing_a_file_deletes_its_bytes_too(world: World) -> None:
    package = draft(world)
    upload = add_upload(world, package)
    drafts.remove_file(acting(world.sender), file=package.files.get())
    assert not package.files.exists()
    assert Upload.objects.get(pk=upload.pk).state == UploadState.ABORTED


def test_a_file_that_failed_can_be_removed(world: World) -> None:
    package = draft(world)
    upload = add_upload(world, package)
    Upload.objects.filter(pk=upload.pk).update(state=UploadState.EXPIRED)
    drafts.remove_file(acting(world.sender), file=package.files.get())
    assert not package.files.exists()


def test_discarding_deletes_the_draft_and_every_upload(world: World) -> None:
    package = draft(world)
    added = [add_upload(world, package, name=f"{number}.step") for number in range(3)]
    tell_stored(added[0])
    drafts.discard(acting(world.sender), package=package)
    assert not Package.objects.exists()
    assert not PackageFile.objects.exists()
    assert set(Upload.objects.values_list("state", flat=True)) == {UploadState.ABORTED}


def test_a_sent_package_is_a_fixed_snapshot(world: World) -> None:
    package = draft(world)
    upload = add_upload(world, package)
    sent = delivery.send(acting(world.sender), package=package)
    sender = acting(world.sender)
    with pytest.raises(Conflict, match="has been sent"):
        drafts.save(sender, package=sent, title="Other", note="")
    with pytest.raises(Conflict):
        recipients.add(sender, package=sent, who=world.owner.user.email)
    with pytest.raises(Conflict):
        recipients.remove(sender, recipient=worlds.recipient_row(package, world.recipient))
    with pytest.raises(Conflict):
        drafts.remove_file(sender, file=package.files.get())
    with pytest.raises(Conflict):
        drafts.discard(sender, package=sent)
    with pytest.raises(Conflict):
        add_upload(world, package, name="late.step")
    assert Upload.objects.get().state == UploadState.RECEIVING
    assert (Recipient.objects.count(), PackageFile.objects.get().upload_id) == (1, upload.pk)


def test_there_is_a_limit_of_files(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "FILES_PER_PACKAGE", 1)
    package = draft(world)
    add_upload(world, package)
    with pytest.raises(Invalid, match="at most"):
        add_upload(world, package, name="second.step")
    assert Upload.objects.count() == 1


def test_only_the_sender_uploads_and_only_while_they_may_open_the_application(world: World) -> None:
    package = draft(world)
    for who in (world.owner, world.recipient, world.stranger):
        with pytest.raises(NotAllowed):
            _upload_as(who, package)
    grant = AccessGrant.objects.select_related("membership", "application").get(membership=world.sender)
    access.suspend(acting(world.decider), grant=grant, reason="Left.")
    with pytest.raises(NotAllowed, match="no active access"):
        add_upload(world, package)
    access.unsuspend(acting(world.decider), grant=grant)
    add_upload(world, package)
    assert package.files.count() == 1


def test_an_upload_for_nothing_is_refused(world: World) -> None:
    with pytest.raises(NotAllowed, match="no longer there"):
        _upload_as(world.sender, Package())


def test_an_upload_that_had_begun_is_completed_after_send(world: World) -> None:
    package = draft(world)
    upload = arrive(add_upload(world, package))
    delivery.send(acting(world.sender), package=package)
    tell_stored(upload)
    assert Package.objects.get().state == "delivered"
