"""The crew that works off jobs: how many hands a line rewards, what is tried again, and who takes over what is stuck."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from mag_sft.crew import Crew, Hands, Job
from mag_sft.errors import BrokenOff, NotAllowed, Refusal, TransferError

JOBS = [Job(number, 0, 1000) for number in range(1, 21)]


def looked(hands: Hands, total: Callable[[int], float], *, times: int) -> list[int]:
    """How many hands there are after each look at a line whose total speed depends on their number."""
    return [hands.look(total(hands.now), clock=2.0 * number) for number in range(times)]


def test_a_lossy_line_gets_every_hand() -> None:
    assert looked(Hands(24), lambda hands: 1.3 * hands, times=20)[-1] == 24


def test_a_line_that_is_full_keeps_the_first_hands() -> None:
    counts = looked(Hands(24), lambda _hands: 200.0, times=30)
    assert max(counts) == 9
    assert counts.count(6) > counts.count(9)


def test_a_line_that_fills_at_twelve_stays_about_there() -> None:
    counts = looked(Hands(24), lambda hands: min(hands, 12) * 10.0, times=30)
    assert set(counts[5:]) <= {14, 21}
    assert counts.count(14) > counts.count(21)


def test_no_more_hands_than_allowed() -> None:
    assert looked(Hands(4), lambda hands: 10.0 * hands, times=5) == [4] * 5


def crew(do: Callable[[Job, int], None], *, patience: float = 5, done: list[Job] | None = None) -> Crew:
    return Crew(do=do, most=8, patience=patience, on_done=(done if done is not None else []).append)


def test_every_job_is_done_and_told_once() -> None:
    done: list[Job] = []
    crew(lambda _job, _hand: None, done=done).work(JOBS)
    assert sorted(done, key=lambda job: job.number) == JOBS


def test_a_passing_refusal_is_tried_again() -> None:
    tries: Counter[int] = Counter()

    def do(job: Job, _hand: int) -> None:
        tries[job.number] += 1
        if job.number == 7 and tries[7] == 1:
            raise Refusal(503, {"code": "staging_full"}, retry_after=0.1)

    done: list[Job] = []
    crew(do, done=done).work(JOBS)
    assert (len(done), tries[7], tries[8]) == (20, 2, 1)


@pytest.mark.parametrize(("status", "error"), [(401, NotAllowed), (403, NotAllowed), (409, TransferError)])
def test_a_refusal_for_good_ends_everything_with_its_sentence(status: int, error: type[TransferError]) -> None:
    def do(job: Job, _hand: int) -> None:
        if job.number == 3:
            raise Refusal(status, {"message": "Not this one."})

    with pytest.raises(error, match="Not this one"):
        crew(do).work(JOBS)


def test_a_gateway_that_takes_nothing_is_given_up_for_now() -> None:
    def do(_job: Job, _hand: int) -> None:
        raise ConnectionResetError

    with pytest.raises(BrokenOff, match="resume"):
        crew(do, patience=0.5).work(JOBS)


def test_an_idle_hand_takes_over_what_is_stuck() -> None:
    stuck = threading.Event()
    tries: Counter[int] = Counter()

    def do(job: Job, _hand: int) -> None:
        tries[job.number] += 1
        if job.number == 20 and tries[20] == 1:
            stuck.wait(20)
        else:
            time.sleep(0.05)

    done: list[Job] = []
    begun = time.monotonic()
    crew(do, done=done).work(JOBS)
    stuck.set()
    assert (len(done), tries[20]) == (20, 2)
    assert time.monotonic() - begun < 10


def test_a_hand_on_a_slow_connection_leaves_the_last_jobs_to_the_others() -> None:
    """One connection of six needs ten times as long: were it to take one of the last jobs, all would wait for it."""
    took: Counter[int] = Counter()

    def do(job: Job, hand: int) -> None:
        took[hand] += 1
        time.sleep(0.5 if hand == 0 else 0.05)

    done: list[Job] = []
    begun = time.monotonic()
    Crew(do=do, most=6, patience=5, on_done=done.append).work([Job(number, 0, 1000) for number in range(1, 61)])
    assert len(done) == 60
    assert took[0] <= 2
    assert time.monotonic() - begun < 3
