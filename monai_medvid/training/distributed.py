# SPDX-License-Identifier: Apache-2.0
"""One process or several (``torchrun``): who am I, and how do gradients come together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

Item = TypeVar("Item")


def rank() -> int:
    """Number of this process, 0 where there is one."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def is_first() -> bool:
    """Whether this is the one that tells, also before and after the processes meet."""
    return os.environ.get("RANK", "0") == "0"


def world() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Meet the other processes where ``torchrun`` started several."""
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1 and not distributed.is_initialized()
    if several:
        if device.type == "cuda":
            torch.cuda.set_device(device)  # NCCL sends objects from there
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        if several:
            distributed.destroy_process_group()


def own_device(device: torch.device) -> torch.device:
    """This process's GPU of several."""
    local = os.environ.get("LOCAL_RANK")
    if device.type == "cuda" and device.index is None and local is not None:
        return torch.device("cuda", int(local))
    return device


def share(items: Sequence[Item]) -> list[Item]:
    """This process's part of what is to be done in an epoch; all parts are of one length."""
    count = len(items) // world() * world() or len(items)
    return list(items[:count][rank() :: world()] if len(items) >= world() else items)


def together(module: nn.Module) -> nn.Module:
    """The module with gradients averaged over all processes."""
    if world() == 1:
        return module
    # heads without labels in a batch take no part in it
    return DistributedDataParallel(module, find_unused_parameters=True)


def same_everywhere(value: Any) -> Any:
    """The value that the first process has."""
    if world() == 1:
        return value
    box = [value]
    distributed.broadcast_object_list(box, src=0)
    return box[0]


def from_everywhere(value: Item) -> list[Item]:
    """What each process has, in every process, by rank."""
    if world() == 1:
        return [value]
    found: list[Any] = [None] * world()
    distributed.all_gather_object(found, value)
    return found


def wait() -> None:
    """Until all processes are here."""
    if world() > 1:
        distributed.barrier()
