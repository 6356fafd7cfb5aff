"""Delivery: not before every file is verified, exactly once, and each recipient is told exactly once."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction

from core import outbox
from core.errors import Conflict, Invalid, NotAllowed
from core.models import AuditEvent, Mail
from sft import access as loading
from sft.models import FileDownload, Package, PackageState, RecipientState, Subscription
from sft.services import delivery, downloads, drafts, subscriptions
from tests.concurrency import at_once
from tests.sft import world as worlds
from tests.sft.uploading import add_upload, arrive, some_bytes, store_for_real, tell_stored
from tests.sft.world import World, acting, draft, operator, recipient_row
from tests.transfers.sending import send_all, sha256
from transfers.models import Upload
from transfers.ports import transfer_listener
from transfers.services import uploads

pytestmark = pytest.mark.django_db


def state_of(package: Package) -> str:
    return Package.objects.get(pk=package.pk).state


def received_mails() -> list[str]:
    return sorted(Mail.objects.filter(template="sft/mail/package_received").values_list("to", flat=True))


def refused_fields(world: World, package: Package) -> set[str]:
    with pytest.raises(Invalid) as refusal:
        delivery.send(acting(world.sender), package=package)
    return set(refusal.value.fields)


def test_send_names_everything_that_is_missing(world: World) -> None:
    package = draft(world, title="", to=())
    assert refused_fields(world, package) == {"title", "recipient", "files"}
    assert state_of(package) == PackageState.DRAFT


@pytest.mark.parametrize("missing", ["title", "recipient", "files"])
def test_send_needs_title_recipient_and_file(world: World, missing: str) -> None:
    package = draft(world, title="" if missing == "title" else "Drawings", to=() if missing == "recipient" else None)
    if missing != "files":
        add_upload(world, package)
    assert refused_fields(world, package) == {missing}


def test_send_checks_again_that_recipients_can_open_it(world: World) -> None:
    package = draft(world)
    add_upload(world, package)
    subscription = Subscription.objects.get(organization=world.harbor)
    subscriptions.suspend(operator(), subscription=subscription, reason="Unpaid.")
    assert refused_fields(world, package) == {"recipient"}
    subscriptions.reactivate(operator(), subscription=subscription)
    assert delivery.send(acting(world.sender), package=package).state == PackageState.UPLOADING


def test_send_before_the_bytes_are_there_waits_for_them(world: World) -> None:
    package = draft(world)
    first, second = add_upload(world, package), add_upload(world, package, name="rib.step")
    delivery.send(acting(world.sender), package=package)
    assert state_of(package) == PackageState.UPLOADING
    tell_stored(first)
    assert state_of(package) == PackageState.UPLOADING
    arrive(second)
    tell_stored(second)
    assert state_of(package) == PackageState.DELIVERED


def test_a_package_with_every_byte_here_is_processing_until_all_is_verified(world: World) -> None:
    package = draft(world)
    first, second = (arrive(add_upload(world, package, name=name)) for name in ("spar.step", "rib.step"))
    sent = delivery.send(acting(world.sender), package=package)
    assert (sent.state, sent.uploaded_at is not None) == (PackageState.PROCESSING, True)
    tell_stored(first)
    assert (state_of(package), received_mails()) == (PackageState.PROCESSING, [])
    tell_stored(second)
    assert state_of(package) == PackageState.DELIVERED


def test_a_package_whose_files_are_verified_is_delivered_by_send(world: World) -> None:
    package = draft(world, to=(world.recipient, world.owner))
    tell_stored(add_upload(world, package))
    assert delivery.send(acting(world.sender), package=package).state == PackageState.DELIVERED
    assert received_mails() == sorted((world.recipient.user.email, world.owner.user.email))
    assert {row.state for row in package.recipients.all()} == {RecipientState.NOTIFIED}


def test_nobody_is_told_and_nothing_is_delivered_while_it_is_a_draft(world: World) -> None:
    package = draft(world)
    tell_stored(add_upload(world, package))
    assert (state_of(package), received_mails()) == (PackageState.DRAFT, [])


def test_the_recipients_mail_says_who_sent_what_and_leads_to_the_package(world: World) -> None:
    package = draft(world, title="Spar & rib <rev D>")
    for number in range(12):
        tell_stored(add_upload(world, package, name=f"drawing {number:02}.step", size=2_000_000, path="wing/left"))
    delivery.send(acting(world.sender), package=package)
    mail = outbox.render(Mail.objects.get(template="sft/mail/package_received"))
    assert mail.subject == "Emma Lindqvist sent you “Spar & rib <rev D>”"
    for part in (
        "12 files",
        "24 MB",
        "Rev C",
        "wing/left/drawing 09.step",
        "and 2 more",
        f"/sft/packages/{package.pk}/",
    ):
        assert part in mail.text
    assert "drawing 10.step" not in mail.text
    assert "Spar &amp; rib &lt;rev D&gt;" in mail.html


def test_double_send_sends_once(world: World) -> None:
    package = draft(world)
    tell_stored(add_upload(world, package))
    delivery.send(acting(world.sender), package=package)
    with pytest.raises(Conflict, match="has been sent"):
        delivery.send(acting(world.sender), package=package)
    assert len(received_mails()) == 1
    assert AuditEvent.objects.filter(action="sft.package.send").count() == 1


def test_only_the_sender_sends(world: World) -> None:
    package = draft(world)
    tell_stored(add_upload(world, package))
    for who in (world.owner, world.recipient, world.stranger):
        with pytest.raises(NotAllowed):
            delivery.send(acting(who), package=package)
    assert delivery.send(acting(world.sender), package=package).state == PackageState.DELIVERED


def test_a_file_that_fails_after_send_fails_the_package_and_tells_the_sender(world: World) -> None:
    package = draft(world)
    upload = add_upload(world, package)
    delivery.send(acting(world.sender), package=package)
    uploads.fail(
        operator(), upload=Upload.objects.get(pk=upload.pk), reason="It was not sent in time.", action="expire"
    )
    failed = Package.objects.get(pk=package.pk)
    assert failed.state == PackageState.FAILED
    assert "spar.step" in failed.failure
    mail = Mail.objects.get(template="sft/mail/package_failed")
    assert mail.to == world.sender.user.email
    assert "It was not sent in time." in outbox.render(mail).text
    assert received_mails() == []


def test_a_file_that_fails_in_a_draft_stops_send_until_it_is_removed(world: World) -> None:
    package = draft(world)
    broken = add_upload(world, package)
    tell_stored(add_upload(world, package, name="rib.step"))
    uploads.fail(operator(), upload=broken, reason="It was not sent in time.", action="expire")
    assert refused_fields(world, package) == {"files"}
    assert not Mail.objects.filter(template="sft/mail/package_failed").exists()
    drafts.remove_file(acting(world.sender), file=package.files.get(upload_id=broken.pk))
    assert delivery.send(acting(world.sender), package=package).state == PackageState.DELIVERED


def test_a_file_of_a_sent_package_cannot_be_removed_by_its_upload(world: World) -> None:
    package = draft(world)
    upload = add_upload(world, package)
    delivery.send(acting(world.sender), package=package)
    with pytest.raises(Conflict, match="belongs to a package that has been sent"):
        uploads.abort(acting(world.sender), upload=Upload.objects.get(pk=upload.pk))
    assert package.files.count() == 1


def test_what_the_engine_tells_of_a_discarded_package_is_let_go(world: World) -> None:
    package = draft(world)
    upload = add_upload(world, package)
    Package.objects.all().delete()
    tell_stored(upload)
    transfer_listener().failed(upload, "Too late.")
    assert not Package.objects.exists()


def test_real_bytes_are_delivered_with_their_digest(world: World) -> None:
    package = draft(world)
    content = some_bytes(6 * 1024**2)
    delivered = store_for_real(world, package, content)
    delivery.send(acting(world.sender), package=package)
    assert state_of(package) == PackageState.DELIVERED
    assert (delivered.sha256, delivered.size) == (sha256(content), len(content))


def test_opening_and_fetching_are_told_to_the_sender_in_order(world: World) -> None:
    package = draft(world)
    for name in ("spar.step", "rib.step"):
        tell_stored(add_upload(world, package, name=name))
    delivery.send(acting(world.sender), package=package)
    reader = acting(world.recipient)
    downloads.open_package(reader, recipient=recipient_row(package, world.recipient))
    opened = recipient_row(package, world.recipient)
    downloads.open_package(reader, recipient=opened)
    assert (opened.state, opened.opened_at) == (
        RecipientState.OPENED,
        recipient_row(package, world.recipient).opened_at,
    )
    first, second = package.files.all()
    for file, expected in ((first, "opened"), (first, "opened"), (second, "downloaded")):
        wanted = loading.file(reader, package.pk, file.pk)
        downloads.begin(reader, wanted=wanted)
        downloads.finish(reader, files=[file])
        assert recipient_row(package, world.recipient).state == expected
    assert FileDownload.objects.count() == 3
    assert AuditEvent.objects.filter(action="sft.file.downloaded", organization_id=world.harbor.pk).count() == 3


def test_beginning_a_download_is_not_having_it(world: World) -> None:
    package = draft(world)
    tell_stored(add_upload(world, package))
    delivery.send(acting(world.sender), package=package)
    reader = acting(world.recipient)
    downloads.begin(reader, wanted=loading.file(reader, package.pk, package.files.get().pk))
    assert recipient_row(package, world.recipient).state == RecipientState.OPENED
    assert not FileDownload.objects.exists()


def test_a_withdrawn_package_is_not_downloaded_any_more(world: World) -> None:
    package = draft(world)
    tell_stored(add_upload(world, package))
    delivery.send(acting(world.sender), package=package)
    Package.objects.update(state=PackageState.WITHDRAWN)
    reader = acting(world.recipient)
    with pytest.raises(NotAllowed, match="Withdrawn"):
        downloads.begin(reader, wanted=loading.file(reader, package.pk, package.files.get().pk))
    Package.objects.update(state=PackageState.DELIVERED)
    downloads.begin(reader, wanted=loading.file(reader, package.pk, package.files.get().pk))


@pytest.mark.django_db(transaction=True)
def test_files_stored_at_the_same_moment_deliver_once() -> None:
    world = worlds.build()
    package = draft(world, to=(world.recipient, world.owner))
    stored = [arrive(add_upload(world, package, name=f"{number}.step")) for number in range(6)]
    delivery.send(acting(world.sender), package=package)
    assert at_once([partial(tell_stored, upload) for upload in stored]) == [None] * 6
    assert state_of(package) == PackageState.DELIVERED
    assert received_mails() == sorted((world.recipient.user.email, world.owner.user.email))
    assert AuditEvent.objects.filter(action="sft.package.deliver").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_last_file_and_send_at_the_same_moment_deliver_once() -> None:
    world = worlds.build()
    for _ in range(4):
        package = draft(world)
        upload = arrive(add_upload(world, package))
        send = partial(delivery.send, acting(world.sender), package=package)
        assert at_once([send, partial(tell_stored, upload)]) == [None, None]
        assert state_of(package) == PackageState.DELIVERED
    assert len(received_mails()) == 4


@pytest.mark.django_db(transaction=True)
def test_send_pressed_twice_at_the_same_moment_sends_once() -> None:
    world = worlds.build()
    package = draft(world)
    tell_stored(add_upload(world, package))
    outcomes = at_once([partial(delivery.send, acting(world.sender), package=package)] * 4)
    assert outcomes.count(None) == 1
    assert {type(outcome) for outcome in outcomes if outcome} == {Conflict}
    assert len(received_mails()) == 1


@pytest.mark.django_db(transaction=True)
def test_discarding_while_files_finish_never_waits_for_each_other_in_a_circle() -> None:
    world = worlds.build()
    for _ in range(4):
        package = draft(world)
        kept = [arrive(add_upload(world, package, name=f"{number}.step")) for number in range(3)]
        discard = partial(drafts.discard, acting(world.sender), package=package)
        assert at_once([discard, *(partial(_told_with_its_row_held, upload) for upload in kept)]) == [None] * 4
    assert not Package.objects.exists()


def _told_with_its_row_held(upload: Upload) -> None:
    """As the byte engine does it: the upload's row first."""
    with transaction.atomic():
        held = Upload.objects.select_for_update(no_key=True).get(pk=upload.pk)
        if held.state == "pushing":
            tell_stored(held)


def test_the_last_byte_moves_a_sent_package_on_before_anything_is_stored(world: World) -> None:
    package = draft(world)
    content = some_bytes()
    upload = uploads.create(acting(world.sender), subject=package.pk, name="spar.step", size=len(content))
    delivery.send(acting(world.sender), package=package)
    send_all(acting(world.sender), upload, content)
    assert state_of(package) == PackageState.UPLOADING
    uploads.complete(acting(world.sender), upload=upload)
    assert state_of(package) == PackageState.PROCESSING
