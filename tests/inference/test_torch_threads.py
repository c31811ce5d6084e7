# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from monai_medvid.inference.torch_threads import one_torch_thread


def test_threads_come_back_whatever_happens() -> None:
    before = torch.get_num_threads()

    def fail() -> None:
        with one_torch_thread():
            assert torch.get_num_threads() == 1
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert torch.get_num_threads() == before
