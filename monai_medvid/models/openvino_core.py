# SPDX-License-Identifier: Apache-2.0
"""The one OpenVINO core of a process."""

from __future__ import annotations

import functools
import os
from typing import Any

import openvino as ov


def shared_core() -> Any:
    """This process's core; never given back.

    OpenVINO's CPU plugin gives the thread that loads it a stack for signals, and frees that stack
    with the core, even where it is still that thread's, or where a later core has taken note of it
    as the one to put back. The next signal that Python handles then ends the process or is written
    into somebody else's memory. (OpenVINO 2026.4.1; in it since
    https://github.com/openvinotoolkit/openvino/pull/11894.) A core that stays frees nothing.
    """
    return _core_of(os.getpid())


@functools.cache
def _core_of(process: int) -> Any:
    """A forked process makes its own: it takes none of its parent's locks."""
    return ov.Core()
