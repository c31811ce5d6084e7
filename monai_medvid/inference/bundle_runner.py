# SPDX-License-Identifier: Apache-2.0
"""What all predictors have in common: a bundle, what executes it, and a batch on its way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from monai_medvid.inference.bundle import Bundle
from monai_medvid.video.frames import AnyBatch

_AHEAD = 1
"""Batches that are computed while the caller looks at an earlier one."""
_Self = TypeVar("_Self", bound="BundleRunner")
_Result = TypeVar("_Result")


class Executes(Protocol):
    """Something that executes networks.

    Attributes:
        name: "torch" or "openvino".
        device: A torch device name: "cpu", "cuda".
        precision: "f32", "bf16" or "int8".
    """

    name: str
    device: str
    precision: str

    def close(self) -> None:
        """Give back threads and memory; safe to call twice."""


class BundleRunner:
    """Runs a bundle, and gives back what that took at the end of a ``with``.

    Attributes:
        bundle: Which.
        runtime: What executes it.
    """

    bundle: Bundle
    runtime: Executes

    def close(self) -> None:
        """Give back threads and memory; safe to call twice."""
        self.runtime.close()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        where = f"{self.runtime.name}, {self.runtime.device}, {self.runtime.precision}"
        return f"{type(self).__name__}({self.bundle.info.name}, {where})"


def one_ahead(
    submit: Callable[[AnyBatch], Callable[[], _Result]], batches: Iterable[AnyBatch]
) -> Iterator[_Result]:
    """Results of batch after batch, in order; the next is computed while one is looked at.

    Args:
        submit: Begins with a batch; what comes back waits for its result.
        batches: In order.
    """
    pending: deque[Callable[[], _Result]] = deque()
    for batch in batches:
        pending.append(submit(batch))
        if len(pending) > _AHEAD:
            yield pending.popleft()()
    while pending:
        yield pending.popleft()()
