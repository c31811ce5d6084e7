# SPDX-License-Identifier: Apache-2.0
"""How many cores torch takes for what it does beside a network that OpenVINO computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Torch on the calling thread alone, as long as the context lasts.

    Threads that share a small operation wait for each other, spinning, for cores that the network
    keeps busy: an int8 frame of a workflow takes a sixth less without them
    (``benchmarks/workflow.py``).
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
