# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from monai_medvid.errors import ModelError, OutputError
from monai_medvid.models.backbone import make_backbone
from monai_medvid.models.caformer import Caformer
from monai_medvid.models.import_weights import ImportedWeights, import_weights
from monai_medvid.models.workflow_net import WorkflowNet
from tests.models.family_nets import ConvNeXt, ResNet, Vit, randomize
from tests.models.nets import PROCEDURE

State = dict[str, torch.Tensor]
IMAGES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(7))


def prefixed(state: State, prefix: str) -> State:
    return {prefix + key: value for key, value in state.items()}


def teacher_of(state: State, prefix: str = "backbone.") -> dict[str, Any]:
    """A checkpoint of DINO: two networks, an optimizer, the arguments of the training."""
    head = {"head.mlp.0.weight": torch.ones(2, 2), "head.last_layer.weight_v": torch.ones(2, 2)}
    student = prefixed({k: v * 0 for k, v in state.items()}, "module." + prefix)
    return {
        "student": {**student, **prefixed(head, "module.")},
        "teacher": {**prefixed(state, prefix), **head},
        "optimizer": {"state": {}},
        "args": argparse.Namespace(arch="vit"),
        "epoch": 50,
    }


def vissl(state: State) -> dict[str, Any]:
    trunk = prefixed({k: v for k, v in state.items() if k[:3] != "fc."}, "_feature_blocks.")
    return {"classy_state_dict": {"base_model": {"model": {"trunk": trunk, "heads": {}}}}}


def surgvlp(state: State) -> State:
    image = {k: v for k, v in state.items() if k[:3] != "fc."}
    rest = {
        "backbone_img.global_embedder.weight": torch.ones(3, 2),
        "backbone_text.model.embeddings.word_embeddings.weight": torch.ones(3, 2),
    }
    return {**prefixed(image, "backbone_img.model."), **rest}


def endo_fm(state: State) -> dict[str, Any]:
    time = {"time_embed": torch.ones(1, 8, 64)}
    for i in range(4):
        for part in ("temporal_attn.qkv.weight", "temporal_fc.weight", "temporal_norm1.weight"):
            time[f"blocks.{i}.{part}"] = torch.ones(4)
    return {"teacher": prefixed({**state, **time}, "backbone.")}


def endo_vit(state: State) -> dict[str, Any]:
    decoder = {"mask_token": torch.ones(1, 1, 32), "decoder_embed.weight": torch.ones(32, 64)}
    return {"model": {**state, **decoder, "decoder_blocks.0.norm1.weight": torch.ones(32)}}


def plain(state: State) -> State:
    return state


VIT: Callable[[], nn.Module] = lambda: Vit(scales=False)  # noqa: E731
CASES: dict[str, tuple[Callable[[], nn.Module], Callable[[State], Any], str]] = {
    "torchvision resnet50": (ResNet, plain, "ResNet"),
    "torchvision resnet18": (lambda: ResNet(bottleneck=False), plain, "ResNet"),
    "SelfSupSurg": (ResNet, vissl, "ResNet"),
    "SurgVLP": (ResNet, surgvlp, "SurgVLP, HecVL or PeskaVLP image tower"),
    "torchvision convnext": (ConvNeXt, plain, "ConvNeXt, torchvision's names (LemonFM)"),
    "LemonFM": (ConvNeXt, teacher_of, "ConvNeXt, torchvision's names (LemonFM)"),
    "timm ViT": (VIT, plain, "ViT (DINO v1 or v2, timm)"),
    "DINO checkpoint": (VIT, teacher_of, "ViT (DINO v1 or v2, timm)"),
    "DINOv2": (lambda: Vit(scales=True), plain, "ViT (DINO v1 or v2, timm)"),
    "Endo-FM": (VIT, endo_fm, "Endo-FM, its spatial half"),
    "EndoViT": (VIT, endo_vit, "Masked autoencoder ViT (EndoViT)"),
}


def imported(tmp_path: Path, content: Any, name: str = "weights.pth") -> ImportedWeights:
    torch.save(content, tmp_path / name)
    return import_weights(tmp_path / name, tmp_path / "out")


@pytest.mark.parametrize("case", CASES)
def test_features_are_those_of_the_family(tmp_path: Path, case: str) -> None:
    make, wrap, family = CASES[case]
    net = randomize(make())
    found = imported(tmp_path, wrap(net.state_dict()))
    assert found.family == family
    assert found.coverage == 1
    backbone = make_backbone(found.folder).eval()
    with torch.inference_mode():
        expected = net(IMAGES)
        if "convnext" in case or case == "LemonFM":  # maps of the backbone are normalised once more
            maps = backbone(IMAGES, output_hidden_states=True).hidden_states[1:]
        else:
            maps = backbone(IMAGES).feature_maps[-len(expected) :]
    for ours, theirs in zip(maps, expected, strict=True):
        assert torch.allclose(ours, theirs, atol=2e-5, rtol=1e-4)


def caformer_checkpoint(activation: Any) -> tuple[Caformer, State]:
    net = Caformer(depths=(1, 1, 2, 1), hidden_sizes=(32, 32, 64, 64), activation=activation)
    randomize(net)
    head = {"norm.weight": torch.ones(64), "norm.bias": torch.ones(64)}
    return net, {**net.state_dict(), **head, "head.fc1.weight": torch.ones(9, 64)}


@pytest.mark.parametrize("activation", ["relu", "star_relu"])
def test_caformer_keeps_the_activation_it_was_trained_with(tmp_path: Path, activation: str) -> None:
    net, state = caformer_checkpoint(activation)
    found = imported(tmp_path, state)
    assert found.family == {"relu": "SurgeNet CAFormer (ReLU)", "star_relu": "CAFormer"}[activation]
    assert found.commercial_use == {"relu": False, "star_relu": None}[activation]
    with torch.inference_mode():
        ours, theirs = make_backbone(found.folder)(IMAGES), net(IMAGES)
    for a, b in zip(ours.feature_maps, theirs.feature_maps, strict=True):
        assert torch.equal(a, b)


def test_a_network_uses_imported_weights_and_their_normalisation(tmp_path: Path) -> None:
    found = imported(tmp_path, endo_vit(randomize(VIT()).state_dict()))
    net = WorkflowNet(PROCEDURE, encoder=found.folder).eval()
    assert net.mean.flatten().tolist() == pytest.approx([0.3464, 0.2280, 0.2228])
    output, _ = net.step(IMAGES[:1], 0.0, net.init_state(), masks=True)
    assert output.mask_logits.shape == (1, 2, 32, 32)


def test_what_the_card_says(tmp_path: Path) -> None:
    found = imported(tmp_path, surgvlp(randomize(ResNet()).state_dict()))
    card = json.loads((found.folder / "encoder.json").read_text())
    assert card["licence"] == "CC-BY-NC-SA-4.0"
    assert card["commercial_use"] is False
    assert card["colours"] == "RGB"
    assert len(card["source_sha256"]) == 64
    own = import_weights(tmp_path / "weights.pth", tmp_path / "own", licence="MIT")
    assert (own.licence, own.commercial_use) == ("MIT", True)


def test_safetensors(tmp_path: Path) -> None:
    net = randomize(ResNet())
    save_file(net.state_dict(), tmp_path / "model.safetensors")
    assert import_weights(tmp_path / "model.safetensors", tmp_path / "out").coverage == 1


def test_a_checkpoint_that_fills_too_little_is_refused_with_names(tmp_path: Path) -> None:
    state = ResNet().state_dict()
    gone = [key for key in state if key.startswith("layer3.1.")]
    for key in gone:
        del state[key]
    del state["layer3.0.conv1.weight"], state["layer2.1.bn2.weight"]
    state["neck.weight"] = torch.ones(1)
    with pytest.raises(ModelError, match=r"without a source: .*layer.*; not used: neck\.weight"):
        imported(tmp_path, state)
    assert not (tmp_path / "out").exists()


def test_weights_of_another_shape_do_not_count(tmp_path: Path) -> None:
    state = ResNet().state_dict()
    for key in [key for key in state if key.startswith("layer4.0")]:
        state[key] = torch.ones(3)
    with pytest.raises(ModelError, match=r"Download the file again|without a source"):
        imported(tmp_path, state)


@pytest.mark.parametrize(
    "content", [{"something.else": torch.ones(1)}, {"epoch": 3}, {"model": {}}], ids=str
)
def test_an_unknown_family_lists_the_known_ones(tmp_path: Path, content: Any) -> None:
    with pytest.raises(ModelError, match="SurgeNet"):
        imported(tmp_path, content)


def test_an_incomplete_file(tmp_path: Path) -> None:
    state = {k: v for k, v in ResNet().state_dict().items() if not k.startswith("layer4")}
    with pytest.raises(ModelError, match="Download the file again"):
        imported(tmp_path, state)


def test_tensorflow_models_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="TensorFlow"):
        import_weights(tmp_path, tmp_path / "out")
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    with pytest.raises(ModelError, match="TensorFlow"):
        import_weights(tmp_path / "saved_model.pb", tmp_path / "out")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="there already"):
        import_weights(tmp_path / "x.pth", tmp_path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    torch.save(ResNet().state_dict(), tmp_path / "x.pth")
    with pytest.raises(OutputError, match="may write to"):
        import_weights(tmp_path / "x.pth", tmp_path / "x.pth" / "out")


@pytest.mark.parametrize("damage", ["not json", '{"config": {"model_type": "resnet"}}'])
def test_a_damaged_folder(tmp_path: Path, damage: str) -> None:
    found = imported(tmp_path, ResNet().state_dict())
    (found.folder / "encoder.json").write_text(damage)
    with pytest.raises(ModelError, match=r"Import the weights again|import-weights"):
        WorkflowNet(PROCEDURE, encoder=found.folder)
    with pytest.raises(ModelError, match="import-weights"):
        make_backbone(found.folder)
