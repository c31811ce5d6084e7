# SPDX-License-Identifier: Apache-2.0
"""Which videos are trained on, and settings from a command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import yaml

from monai_medvid.data.datasets.dataset import LabelledDataset
from monai_medvid.errors import InputError

Names = tuple[str, ...]


def choose_parts(
    dataset: LabelledDataset, *, split: str, hold_out: float, seed: int
) -> tuple[Names, Names]:
    """Videos for training and for validation.

    Args:
        dataset: Where they are.
        split: Name of a split with the parts train and val, or "" to hold out some.
        hold_out: Share of all videos, where there is no split.
        seed: Of the choice.

    Raises:
        InputError: There is no such split, or there are too few videos.
    """
    if split:
        return dataset.split_names(f"{split}:train"), dataset.split_names(f"{split}:val")
    count = len(dataset.names)
    if count < 2 or not 0 < hold_out < 1:
        raise InputError(
            f"expected two videos or more and a share between 0 and 1 to hold out, found {count} "
            f"and {hold_out:g}. Add videos, or name a split."
        )
    held = min(max(round(hold_out * count), 1), count - 1)
    order = np.random.default_rng([seed, 4]).permutation(count)
    chosen = {dataset.names[i] for i in order[:held]}
    train = tuple(name for name in dataset.names if name not in chosen)
    return train, tuple(name for name in dataset.names if name in chosen)


def parse_values(texts: Sequence[str]) -> dict[str, Any]:
    """Settings from "name=value" texts; values as in YAML.

    Raises:
        InputError: A text is not one.

    Example:
        >>> parse_values(["frame_epochs=5", "stages=[frames]"])
        {'frame_epochs': 5, 'stages': ['frames']}
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            parsed = yaml.safe_load(value)
        except yaml.YAMLError:
            equals = ""
        if not equals or not name:
            raise InputError(
                f"expected a setting as name=value, found {text!r}. E.g. --set frame_epochs=5."
            )
        found[name.strip().replace("-", "_")] = parsed
    return found
