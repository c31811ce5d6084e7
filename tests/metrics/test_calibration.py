# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
import torch

from monai_medvid.metrics.calibration import (
    compact,
    export_weights,
    fit_temperature,
    scale_last_layer,
)


class _Shared(torch.nn.Module):
    """One convolution under two names, as in MONAI's DynUNet."""

    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Conv2d(3, 64, 3, padding=1), torch.nn.BatchNorm2d(64)
        )
        self.again = self.body
        self.last = torch.nn.Conv2d(64, 1, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.last(torch.relu(self.body(image)))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_spoilt_the_logits_is_found(temperature: float) -> None:
    torch.manual_seed(0)
    logits = torch.randn(7 * 40_000) * 2
    labels = (torch.rand_like(logits) < torch.sigmoid(logits)).float()
    assert fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.05)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="one shape"):
        fit_temperature(torch.zeros(3), torch.zeros(4))


def test_scaling_the_last_layer_divides_the_logits() -> None:
    torch.manual_seed(0)
    network = _Shared().eval()
    image = torch.rand(1, 3, 8, 8)
    before = network(image)
    network.load_state_dict(scale_last_layer(network.state_dict(), 2.0, prefix="last."))
    torch.testing.assert_close(network(image), before / 2)


def test_a_layer_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"named gone\.\*"):
        scale_last_layer(_Shared().state_dict(), 2.0, prefix="gone.")
    with pytest.raises(ValueError, match="above zero"):
        scale_last_layer(_Shared().state_dict(), 0.0, prefix="last.")


def test_compact_weights_are_half_the_size_and_load(tmp_path: Path) -> None:
    network = _Shared().to(memory_format=torch.channels_last)
    torch.save(network.state_dict(), tmp_path / "whole.pt")
    torch.save(compact(network.state_dict()), tmp_path / "compact.pt")
    state = torch.load(tmp_path / "compact.pt", weights_only=True)
    assert state["body.1.running_var"].dtype == torch.float32
    assert state["body.0.weight"].dtype == torch.float16
    assert state["body.0.weight"].data_ptr() == state["again.0.weight"].data_ptr()
    assert state["body.1.num_batches_tracked"].dtype == torch.int64
    _Shared().load_state_dict(state)
    saved = (tmp_path / "compact.pt").stat().st_size
    assert saved < (tmp_path / "whole.pt").stat().st_size


def test_export_calibrates_on_what_it_is_given(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = _Shared().eval()
    images = torch.rand(4, 3, 32, 32)
    with torch.no_grad():
        labels = (torch.rand(4, 1, 32, 32) < torch.sigmoid(network(images))).float()
        network.last.weight *= 4
        network.last.bias *= 4
    torch.save({"ema": network.state_dict()}, tmp_path / "checkpoint.pt")
    temperature = export_weights(
        _Shared(),
        tmp_path / "checkpoint.pt",
        tmp_path / "model.pt",
        [{"image": images, "label": labels}],
        prefix="last.",
    )
    shipped = _Shared().eval()
    shipped.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    expected = network(images) / temperature
    torch.testing.assert_close(shipped(images), expected, atol=2e-2, rtol=2e-2)
    assert temperature > 1.5
