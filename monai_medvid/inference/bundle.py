# SPDX-License-Identifier: Apache-2.0
"""Loading a MONAI bundle: its network, its weights, and whether the two fit its metadata.

A bundle's configuration names Python to run: load only bundles from a source you trust.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monai_medvid.errors import BundleError
from monai_medvid.inference.catalog import (
    WEIGHTS,
    BundleInfo,
    describe_bundle,
    find_bundle,
    list_bundles,
)
from monai_medvid.inference.format import NetworkFormat, read_format
from monai_medvid.inference.preparation import find_config

if TYPE_CHECKING:
    import torch

__all__ = ["Bundle", "BundleInfo", "find_bundle", "list_bundles", "load_bundle"]

_CONFIG_ERRORS = (
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What MONAI's configuration parser lets through when a configuration is wrong."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """A bundle that is ready to run.

    Attributes:
        info: What it says about itself.
        format: What goes in and what comes out.
        weights_sha256: Of ``models/model.pt``, hex.
    """

    info: BundleInfo
    format: NetworkFormat
    weights_sha256: str

    @cached_property
    def network(self) -> torch.nn.Module:
        """The network with its weights, in eval mode on the CPU; built when first asked for.

        Raises:
            BundleError: The weights are damaged, or network, weights and metadata do not fit.
        """
        network = build_network(self.info.path)
        _load_weights(network, self.info.path)
        network.eval().requires_grad_(False)
        _check_output(network, self.format, self.info.name)
        return network

    def __repr__(self) -> str:
        size = f"{self.format.height}x{self.format.width}"
        return f"Bundle({self.info.name} {self.info.version}, {size}, {self.format.labels})"


def load_bundle(name_or_dir: str | Path) -> Bundle:
    """Load a bundle by name or folder; its network is built when it is first asked for.

    Raises:
        BundleError: It is missing, damaged, or not made for RGB frames.

    Example:
        >>> load_bundle("colonoscopy_polyp_segmentation").format.labels
        ('polyp',)
    """
    path = find_bundle(name_or_dir)
    layout = read_format(path)
    weights = path / WEIGHTS
    if not weights.is_file():
        raise BundleError(
            f"bundle {path.name!r}: expected weights in {WEIGHTS}, found none. "
            f"Download or train them."
        )
    return Bundle(describe_bundle(path), layout, _sha256(weights))


def build_network(path: Path) -> torch.nn.Module:
    """The network that a bundle's configuration names, with random weights.

    Raises:
        BundleError: There is no configuration, or no network can be built from it.
    """
    import torch
    from monai.bundle import ConfigParser

    config = find_config(path)
    if config is None:
        raise BundleError(
            f"bundle {path.name!r}: expected configs/inference.json (or .yaml), found none. "
            f"Restore the file."
        )
    try:
        with _quiet(), _importable(path):
            parser = ConfigParser()
            parser.read_config(config)
            parser["bundle_root"] = str(path)
            network = parser.get_parsed_content("network_def")
    except _CONFIG_ERRORS as error:
        raise BundleError(
            f"bundle {path.name!r}: expected a network under network_def of {config.name}, found "
            f"one that cannot be built ({_one_line(error)}). Correct it or install what it needs."
        ) from error
    if not isinstance(network, torch.nn.Module):
        raise BundleError(
            f"bundle {path.name!r}: expected network_def of {config.name} to be a torch module, "
            f"found {type(network).__name__}. Correct it."
        )
    return network


def _load_weights(network: torch.nn.Module, path: Path) -> None:
    import torch

    try:
        state: Any = torch.load(path / WEIGHTS, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise BundleError(
            f"bundle {path.name!r}: expected {WEIGHTS} to hold a state dict, found it damaged "
            f"({type(error).__name__}). Download or train it again."
        ) from error
    if isinstance(state, Mapping) and set(state) == {"model"}:
        state = state["model"]  # how MONAI's CheckpointSaver writes a single network
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise BundleError(
            f"bundle {path.name!r}: expected {WEIGHTS} to fit network_def, found other parameters "
            f"({_one_line(error)}). Take weights and configuration from one version."
        ) from error


def _check_output(network: torch.nn.Module, layout: NetworkFormat, name: str) -> None:
    """Run the network once: metadata may promise what the network does not give."""
    import torch

    sample = torch.zeros(1, 3, *layout.input_size)
    expected: tuple[int, ...] = (1, len(layout.channels))
    if layout.kind == "masks":
        expected += layout.input_size
    elif layout.kind == "workflow":
        sample = sample[:, :, None].repeat(1, 1, layout.clip, 1, 1)
        expected += (layout.clip,)
    try:
        with torch.inference_mode():
            output = network(sample)
    except (RuntimeError, ValueError, TypeError) as error:
        raise BundleError(
            f"bundle {name!r}: expected a network for {tuple(sample.shape)}, found one that fails "
            f"on it ({_one_line(error)}). Correct network_def or inputs.image."
        ) from error
    found = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
    if found != expected:
        raise BundleError(
            f"bundle {name!r}: expected an output of {expected} as outputs.pred says, found "
            f"{found}. Correct network_def or outputs.pred."
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """MONAI 1.6 warns at each parse that configurations run code; the docstrings say so here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _importable(path: Path) -> Iterator[None]:
    """Let a bundle import its own ``scripts`` package, as ``monai.bundle run`` does."""
    sys.path.insert(0, str(path))
    try:
        yield
    finally:
        sys.path.remove(str(path))


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:160]}"


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
