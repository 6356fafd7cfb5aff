"""Quotas: what fits, what does not, who is counted, and two who want the last place at once."""

from __future__ import annotations

from functools import partial

import pytest
from django.conf import LazySettings
from django.test import Client

from core.errors import NotAllowed
from core.models import AuditEvent
from orgs.models import Membership
from sft.models import Subscription
from sft.services import drafts, quotas
from tests.concurrency import at_once
from tests.sft import world as worlds
from tests.sft.counting import queries_of
from tests.sft.uploading import add_upload, arrive, tell_stored
from tests.sft.world import World, acting, draft, operator, with_access
from transfers.models import Concat, Part, Piece, TusSource, Upload, UploadState
from transfers.services import uploads

pytestmark = pytest.mark.django_db
LIMIT = 10_000


@pytest.fixture
def subscription(world: World) -> Subscription:
    return Subscription.objects.get(organization=world.aurora)


@pytest.fixture(params=["settings", "subscription"])
def of_organization(request: pytest.FixtureRequest, settings: LazySettings, subscription: Subscription) -> None:
    """10,000 bytes for each organisation, by either way."""
    if request.param == "settings":
        settings.UPLOAD_QUOTA_PER_ORGANIZATION_BYTES = LIMIT
    else:
        settings.UPLOAD_QUOTA_PER_ORGANIZATION_BYTES = 9 * LIMIT
        quotas.set_limits(operator(), subscription=subscription, organization=LIMIT, user=None)


def loose(member: Membership, size: int) -> Upload:
    return uploads.create(acting(member), subject=None, name="notes.txt", size=size)


@pytest.mark.usefixtures("of_organization")
def test_the_last_byte_fits_and_no_more(world: World) -> None:
    package = draft(world)
    add_upload(world, package, size=6000)
    add_upload(world, package, size=LIMIT - 6000)
    with pytest.raises(NotAllowed, match=r"take 10 kB of 10 kB, and this one needs 1 byte. Remove drafts"):
        add_upload(world, package, size=1)


@pytest.mark.usefixtures("of_organization")
def test_what_ended_takes_no_room(world: World) -> None:
    package = draft(world)
    upload = add_upload(world, package, size=LIMIT)
    uploads.remove(acting(world.sender), upload=upload)
    add_upload(world, package, size=LIMIT)
    drafts.discard(acting(world.sender), package=package)
    add_upload(world, draft(world), size=LIMIT)


@pytest.mark.usefixtures("of_organization")
def test_colleagues_and_loose_files_count_and_others_do_not(world: World) -> None:
    with_access(world.newcomer)
    add_upload(world, draft(world), size=4000)
    loose(world.newcomer, 5000)
    with pytest.raises(NotAllowed):
        loose(world.sender, 2000)
    loose(world.recipient, 9000)
    loose(world.sender, 1000)


@pytest.mark.usefixtures("of_organization")
def test_stored_files_count(world: World) -> None:
    package = draft(world)
    tell_stored(arrive(add_upload(world, package, size=LIMIT)))
    with pytest.raises(NotAllowed):
        add_upload(world, package, size=1)


def test_it_is_asked_again_at_completion_and_the_upload_counts_once(world: World, subscription: Subscription) -> None:
    package = draft(world)
    upload = add_upload(world, package, size=0)
    add_upload(world, package, size=8000)
    quotas.set_limits(operator(), subscription=subscription, organization=8000, user=None)
    assert uploads.complete(acting(world.sender), upload=upload).state == UploadState.PUSHING

    other = add_upload(world, package, size=0)
    quotas.set_limits(operator(), subscription=subscription, organization=7000, user=None)
    with pytest.raises(NotAllowed, match=r"take 8 kB of 7 kB, and there is no room for more"):
        uploads.complete(acting(world.sender), upload=other)


def test_a_file_of_unknown_length_counts_by_what_is_held_for_it(world: World, subscription: Subscription) -> None:
    quotas.set_limits(operator(), subscription=subscription, organization=LIMIT, user=None)
    begin = partial(uploads.create_of_unknown_size, acting(world.sender), subject=None, name="form.bin", most=10**9)
    begin(held=LIMIT)
    with pytest.raises(NotAllowed):
        begin(held=LIMIT + 1)


def test_what_is_joined_counts_once(world: World, subscription: Subscription) -> None:
    quotas.set_limits(operator(), subscription=subscription, organization=LIMIT, user=None)
    sender = acting(world.sender)
    piece = uploads.create(sender, subject=None, name="piece", size=LIMIT, concat=Concat.PARTIAL)
    with pytest.raises(NotAllowed):
        loose(world.sender, 1)
    final = uploads.create(sender, subject=None, name="whole.bin", size=LIMIT, concat=Concat.FINAL)
    TusSource.objects.create(final=final, partial=piece, position=0)
    assert uploads.complete(sender, upload=final).state == UploadState.PUSHING
    assert quotas.used_by_organization(world.aurora.pk) == LIMIT


def test_what_was_to_be_joined_counts_again_once_the_whole_was_given_up(
    world: World, subscription: Subscription
) -> None:
    """Else whoever begins final uploads and gives them up keeps as many bytes as they like."""
    quotas.set_limits(operator(), subscription=subscription, organization=LIMIT, user=None)
    sender = acting(world.sender)
    piece = uploads.create(sender, subject=None, name="piece", size=LIMIT, concat=Concat.PARTIAL)
    final = uploads.create(sender, subject=None, name="whole.bin", size=LIMIT, concat=Concat.FINAL)
    TusSource.objects.create(final=final, partial=piece, position=0)
    uploads.remove(sender, upload=final)
    assert quotas.used_by_organization(world.aurora.pk) == LIMIT
    with pytest.raises(NotAllowed):
        loose(world.sender, 1)


def test_of_a_file_of_unknown_length_counts_what_has_arrived_of_unfinished_parts_too(
    world: World, subscription: Subscription
) -> None:
    quotas.set_limits(operator(), subscription=subscription, organization=LIMIT, user=None)
    upload = uploads.create_of_unknown_size(acting(world.sender), subject=None, name="stream.bin", most=10**9, held=0)
    facts = {"upload": upload, "sha256": "0" * 64, "node": "here"}
    Part.objects.create(number=1, size=LIMIT // 2, **facts)
    Piece.objects.create(number=2, start=0, size=LIMIT // 2, file="piece", **facts)
    assert quotas.used_by_organization(world.aurora.pk) == LIMIT


@pytest.mark.parametrize("of", ["settings", "subscription"])
def test_each_user_has_a_limit_of_their_own(
    world: World, settings: LazySettings, subscription: Subscription, of: str
) -> None:
    with_access(world.newcomer)
    if of == "settings":
        settings.UPLOAD_QUOTA_PER_USER_BYTES = LIMIT
    else:
        quotas.set_limits(operator(), subscription=subscription, organization=None, user=LIMIT)
    loose(world.sender, LIMIT)
    loose(world.newcomer, LIMIT)
    with pytest.raises(NotAllowed, match=r"^Your files take 10 kB of 10 kB.*ask your administrator"):
        loose(world.sender, 1)


def test_a_subscription_may_be_without_limit(world: World, settings: LazySettings, subscription: Subscription) -> None:
    settings.UPLOAD_QUOTA_PER_ORGANIZATION_BYTES = 1
    with pytest.raises(NotAllowed):
        loose(world.sender, 2)
    quotas.set_limits(operator(), subscription=subscription, organization=0, user=None)
    loose(world.sender, 2)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_want_the_last_place_one_gets_it() -> None:
    world = worlds.build()
    subscription = Subscription.objects.get(organization=world.aurora)
    quotas.set_limits(operator(), subscription=subscription, organization=LIMIT, user=None)
    refusals = at_once([partial(loose, world.sender, 6000) for _ in range(4)])
    assert [type(refusal) for refusal in refusals if refusal] == [NotAllowed] * 3
    assert Upload.objects.count() == 1


# --- Pages --------------------------------------------------------------------------------------------------------
def page_of(client: Client, member: Membership) -> str:
    client.force_login(member.user)
    return client.get("/sft/drafts/").content.decode()


def test_the_workspace_says_how_much_is_used(client: Client, world: World, subscription: Subscription) -> None:
    assert "used by your organisation" not in page_of(client, world.sender)
    quotas.set_limits(operator(), subscription=subscription, organization=500_000_000_000, user=None)
    add_upload(world, draft(world), size=12_400_000_000)
    assert "12.4 GB of 500 GB used by your organisation" in page_of(client, world.sender)


def test_saying_it_costs_the_same_for_many_files(client: Client, world: World, subscription: Subscription) -> None:
    quotas.set_limits(operator(), subscription=subscription, organization=LIMIT, user=None)
    client.force_login(world.sender.user)
    package = draft(world)
    add_upload(world, package, size=10)
    few = queries_of(client, "/sft/sent/")
    for number in range(5):
        add_upload(world, package, size=10, name=f"{number}.step")
    assert queries_of(client, "/sft/sent/") == few


def test_staff_set_the_limits_in_gigabytes(client: Client, world: World, subscription: Subscription) -> None:
    client.force_login(worlds.person("Sam", staff=True))
    url = f"/admin/sft/subscription/{subscription.pk}/limits/"
    assert "take 0 bytes at present" in client.get(url).content.decode()
    assert client.post(url, {"organization": "-1", "user": "2"}).status_code == 422
    assert client.post(url, {"organization": "1.5", "user": ""}).status_code == 302
    subscription.refresh_from_db()
    assert (subscription.organization_quota_bytes, subscription.user_quota_bytes) == (1_500_000_000, None)
    assert 'value="1.5"' in client.get(url).content.decode()
    assert AuditEvent.objects.filter(action="sft.subscription.limit").count() == 1
    assert url in client.get(f"/admin/sft/subscription/{subscription.pk}/change/").content.decode()


def test_nobody_else_sets_them(world: World, subscription: Subscription) -> None:
    with pytest.raises(NotAllowed):
        quotas.set_limits(acting(world.owner), subscription=subscription, organization=0, user=0)
