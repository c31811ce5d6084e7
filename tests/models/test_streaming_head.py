# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medvid.models.streaming_head import StreamingHead
from monai_medvid.models.temporal_head import CORES
from tests.models.nets import FEATURES, tiny_head

TOLERANCE = 1e-5
CORE_NAMES = sorted(CORES)


def stream(head: StreamingHead, features: torch.Tensor, steps: list[float]) -> torch.Tensor:
    state, answers = head.init_state(len(features)), []
    with torch.inference_mode():
        for i, dt in enumerate(steps):
            logits, state = head.step(features[:, :, i], dt, state)
            answers.append(logits)
    return torch.stack(answers, 2)


def offline(head: StreamingHead, features: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return head(features)[-1]


def by_definition(head: StreamingHead, features: torch.Tensor, times: list[float]) -> torch.Tensor:
    """Each frame's answer from scratch: the sequence of ticks so far, this frame at its end."""
    ticks = [int((t - times[0]) / head.tick_seconds + 1e-6) for t in times]
    answers = []
    for i, tick in enumerate(ticks):
        row = []
        for k in range(tick):
            past = [n for n in range(i) if ticks[n] <= k]
            latest = ticks[past[-1]]
            row.append(ticks.index(latest))
        sequence = features[:, :, [*row, i]]
        answers.append(offline(head, sequence)[:, :, -1])
    return torch.stack(answers, 2)


@pytest.mark.parametrize("core", CORE_NAMES)
def test_streaming_equals_offline_at_one_frame_a_tick(core: str) -> None:
    head = tiny_head(core)
    features = torch.randn(2, FEATURES, 150)
    assert torch.allclose(
        stream(head, features, [1.0] * 150), offline(head, features), atol=TOLERANCE
    )


@pytest.mark.parametrize("core", CORE_NAMES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_streaming_equals_the_definition_at_any_pace(core: str, data: st.DataObject) -> None:
    steps = data.draw(st.lists(st.sampled_from([0.04, 0.3, 0.5, 1.0, 1.7, 5.2]), max_size=25))
    times = [0.0]
    for dt in steps:
        times.append(times[-1] + dt)
    head = tiny_head(core)
    features = torch.randn(1, FEATURES, len(times), generator=torch.Generator().manual_seed(1))
    expected = by_definition(head, features, times)
    assert torch.allclose(stream(head, features, [0.0, *steps]), expected, atol=TOLERANCE)
    with torch.inference_mode():
        whole = head(features, torch.tensor(times, dtype=torch.float64))[-1]
    assert torch.allclose(whole, expected, atol=TOLERANCE)


@pytest.mark.parametrize("core", CORE_NAMES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_frames_together_are_frames_one_by_one(core: str, data: st.DataObject) -> None:
    paces = st.sampled_from([0.0, 0.04, 0.3, 0.5, 1.0, 1.7, 5.2])
    steps = [0.0, *data.draw(st.lists(paces, max_size=25))]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(steps)))) | {len(steps)})
    head = tiny_head(core)
    features = torch.randn(1, FEATURES, len(steps), generator=torch.Generator().manual_seed(1))
    state, answers, first = head.init_state(), [], 0
    with torch.inference_mode():
        for last in cuts:
            part = features[0, :, first:last].T
            logits, state = head.follow(part, steps[first:last], state)
            answers.append(logits)
            first = last
        after = head.step(features[:, :, 0], 0.7, state)[0]
    one_by_one = stream(head, torch.cat([features, features[:, :, :1]], 2), [*steps, 0.7])
    found = torch.cat([*answers, after]).T[None]
    assert torch.allclose(found, one_by_one, atol=TOLERANCE)


@pytest.mark.parametrize("core", CORE_NAMES)
@pytest.mark.parametrize("rate", [25.0, 30000 / 1001])
def test_more_frames_a_second_do_not_shift_the_past(core: str, rate: float) -> None:
    head, seconds = tiny_head(core), 40
    per_second = round(rate)
    features = torch.randn(1, FEATURES, seconds * per_second)
    fast = stream(head, features, [1 / rate] * features.shape[2])
    # the first frame of each tick, by the clock
    times = [i / rate for i in range(features.shape[2])]
    first = [next(i for i, t in enumerate(times) if t + 1e-4 >= k) for k in range(seconds)]
    assert torch.allclose(fast[:, :, first], offline(head, features[:, :, first]), atol=TOLERANCE)


@pytest.mark.parametrize("core", CORE_NAMES)
def test_lost_frames_hold_what_was_seen_last(core: str) -> None:
    head = tiny_head(core)
    features = torch.randn(1, FEATURES, 60)
    kept = [i for i in range(60) if not 20 <= i < 33]
    steps = [1.0] * 20 + [14.0] + [1.0] * 26
    held = features.clone()
    held[:, :, 20:33] = features[:, :, 19:20]
    lost = stream(head, features[:, :, kept], steps)
    assert torch.allclose(lost, offline(head, held)[:, :, kept], atol=TOLERANCE)


def test_videos_of_a_batch_keep_their_own_time() -> None:
    head = tiny_head()
    features = torch.randn(2, FEATURES, 30)
    paces = torch.tensor([1.0, 0.25])
    state, together = head.init_state(2), []
    with torch.inference_mode():
        for i in range(30):
            logits, state = head.step(features[:, :, i], paces, state)
            together.append(logits)
    for video, pace in enumerate(paces.tolist()):
        alone = stream(head, features[video : video + 1], [pace] * 30)
        assert torch.allclose(torch.stack(together, 2)[video], alone[0], atol=TOLERANCE)


@pytest.mark.parametrize("core", CORE_NAMES)
def test_padding_at_the_end_changes_nothing_before_it(core: str) -> None:
    head = tiny_head(core)
    features = torch.randn(1, FEATURES, 50)
    padded = torch.cat([features, torch.full((1, FEATURES, 30), 1e3)], 2)
    assert torch.allclose(offline(head, padded)[:, :, :50], offline(head, features), atol=TOLERANCE)


@pytest.mark.parametrize("core", CORE_NAMES)
def test_the_state_stays_as_large_as_it_was(core: str) -> None:
    head = tiny_head(core)
    state = start = head.init_state()
    feature = torch.randn(1, FEATURES)
    with torch.inference_mode():
        for _ in range(3000):
            logits, state = head.step(feature, 0.4, state)
    assert [s.shape for s in state] == [s.shape for s in start]
    assert [s.untyped_storage().nbytes() for s in state] == [
        s.untyped_storage().nbytes() for s in head.step(feature, 0.4, start)[1]
    ]
    assert bool(logits.isfinite().all())


@pytest.mark.slow
@pytest.mark.parametrize(
    "together", [25, pytest.param(1, marks=pytest.mark.exhaustive)], ids=["follow", "step"]
)
def test_the_state_stays_as_large_as_it_was_over_a_hundred_thousand_steps(together: int) -> None:
    head = tiny_head("gru")
    state = start = head.init_state()
    features = torch.randn(together, FEATURES)
    with torch.inference_mode():
        for _ in range(100_000 // together):
            if together == 1:
                logits, state = head.step(features, 1 / 25, state)
            else:
                logits, state = head.follow(features, [1 / 25] * together, state)
    assert [s.shape for s in state] == [s.shape for s in start]
    assert bool(logits.isfinite().all())
    assert 0 <= state[0].item() + 1e-3 < 1 + 1e-3  # the clock did not drift out of its tick


@pytest.mark.parametrize("core", CORE_NAMES)
def test_a_very_long_gap_counts_as_three_hundred_ticks(core: str) -> None:
    head = tiny_head(core)
    features = torch.randn(1, FEATURES, 3)
    day = stream(head, features, [0.0, 1.0, 86_400.0])
    bound = stream(head, features, [0.0, 1.0, 301.0])
    assert torch.equal(day, bound)


def test_the_past_counts_and_the_future_does_not() -> None:
    head = tiny_head()
    features = torch.randn(1, FEATURES, 40)
    other = features.clone()
    other[:, :, 20] += 1
    a, b = offline(head, features), offline(head, other)
    assert torch.equal(a[:, :, :20], b[:, :, :20])
    assert not torch.allclose(a[:, :, 25], b[:, :, 25], atol=1e-3)


@pytest.mark.parametrize("core", CORE_NAMES)
def test_mixed_precision_stays_near(core: str) -> None:
    head = tiny_head(core).train()
    features = torch.randn(2, FEATURES, 300)
    expected = offline(head.eval(), features)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = head(features)[-1]
    assert found.dtype == torch.float32
    assert torch.allclose(found, expected, atol=0.2)
    found.sum().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in head.parameters())


def test_a_step_can_be_repeated_from_the_same_state() -> None:
    head = tiny_head()
    features = torch.randn(1, FEATURES, 10)
    state = head.init_state()
    for i in range(9):
        _, state = head.step(features[:, :, i], 1.0, state)
    copy = [s.clone() for s in state]
    first = head.step(features[:, :, 9], 1.0, state)[0]
    second = head.step(features[:, :, 9], 1.0, state)[0]
    assert torch.equal(first, second)
    assert all(torch.equal(a, b) for a, b in zip(copy[1:], state[1:], strict=True))


@pytest.mark.parametrize("dt", [-0.1, float("nan"), float("inf")])
def test_time_goes_forward(dt: float) -> None:
    head = tiny_head()
    with pytest.raises(ValueError, match="dt must be seconds >= 0"):
        head.follow(torch.zeros(2, FEATURES), [0.0, dt], head.init_state())
    _, state = head.step(torch.randn(1, FEATURES), 0.0, head.init_state())
    with pytest.raises(ValueError, match="since the frame before"):
        head.step(torch.randn(1, FEATURES), dt, state)


def test_a_tick_has_a_length() -> None:
    with pytest.raises(ValueError, match="tick_seconds"):
        tiny_head(tick_seconds=0.0)
