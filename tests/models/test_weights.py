# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from monai_medvid.errors import ModelError
from monai_medvid.models.weights import load_weights
from tests.models.nets import tiny_net


@pytest.mark.parametrize("kind", ["dict", "pt", "safetensors", "checkpoint"])
def test_weights_are_taken_from_files_and_dicts(tmp_path: Path, kind: str) -> None:
    source, target = tiny_net("gru"), tiny_net("gru")
    state = {key: value + 1 for key, value in source.state_dict().items()}
    file = tmp_path / f"model.{'safetensors' if kind == 'safetensors' else 'pt'}"
    if kind == "safetensors":
        save_file(state, file)
    else:
        torch.save({"network": state, "epoch": 3} if kind == "checkpoint" else state, file)
    load_weights(target, state if kind == "dict" else file)
    assert all(torch.equal(target.state_dict()[key], state[key]) for key in state)


def test_weights_of_another_architecture_change_nothing() -> None:
    net = tiny_net("causal_tcn")
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with pytest.raises(ModelError, match=r"do not fit \(e\.g\. .*is (missing|unknown|\()"):
        load_weights(net, tiny_net("gru").state_dict())
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.pt", b"not a checkpoint"), ("a.safetensors", b"not either"), ("none.pt", None)],
)
def test_what_is_no_checkpoint(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=name):
        load_weights(tiny_net("gru"), tmp_path / name)


class Harmful:
    """Something that a checkpoint must not be able to run."""


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    torch.save({"model": Harmful()}, tmp_path / "bad.pt")
    with pytest.raises(ModelError, match=r"bad\.pt"):
        load_weights(tiny_net("gru"), tmp_path / "bad.pt")


def test_a_checkpoint_that_is_no_dict(tmp_path: Path) -> None:
    torch.save([torch.ones(1)], tmp_path / "list.pt")
    with pytest.raises(ModelError, match="found list"):
        load_weights(tiny_net("gru"), tmp_path / "list.pt")
