"""The true VGG16, and published weights by their names in both layouts: the same function, layer by layer."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from support.classic import Array, keras_vgg

from vlm.engine.classic.preprocessing import normalised, squashed
from vlm.engine.classic.vgg import BLOCKS, Vgg16
from vlm.errors import BadRequest, NotFound
from vlm.lab.classic.published import keras_names, open_published

WIDTH, SIDE_PX, DENSE = 1 / 32, 64, 128  # two cells a side before fc1: their order matters


def random_arrays() -> dict[str, Array]:
    """A narrow VGG16 in the layout of Keras: HWIO kernels, dense layers [inputs, outputs]."""
    rng = np.random.default_rng(5)
    arrays, before = {}, 3
    for block, (depth, channels) in enumerate(BLOCKS, 1):
        for layer in range(1, depth + 1):
            shape = (3, 3, before, round(channels * WIDTH))
            name = f"block{block}_conv{layer}"
            arrays[f"{name}/kernel"] = rng.normal(0, (2 / (9 * before)) ** 0.5, shape)
            arrays[f"{name}/bias"] = rng.normal(0, 0.1, shape[-1])
            before = shape[-1]
    for name, inputs in (("fc1", 4 * before), ("fc2", DENSE)):
        arrays[f"{name}/kernel"] = rng.normal(0, (2 / inputs) ** 0.5, (inputs, DENSE))
        arrays[f"{name}/bias"] = rng.normal(0, 0.1, DENSE)
    return arrays


def as_torchvision(arrays: dict[str, Array]) -> dict[str, torch.Tensor]:
    """The same function as torchvision stores it, with the classes that nobody here needs."""
    state = {"classifier.6.weight": torch.zeros(1000, DENSE), "classifier.6.bias": torch.zeros(1000)}
    for name, place in keras_names().items():
        kernel = torch.tensor(arrays[f"{name}/kernel"], dtype=torch.float32)
        if name == "fc1":
            kernel = kernel.view(2, 2, -1, DENSE).permute(3, 2, 0, 1).flatten(1)
        else:
            kernel = kernel.permute(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T
        state[f"{place}.weight"] = kernel.contiguous()
        state[f"{place}.bias"] = torch.tensor(arrays[f"{name}/bias"], dtype=torch.float32)
    return state


def write_keras(path: Path, arrays: dict[str, Array], *, old: bool, below: str = "") -> Path:
    """As Keras 1 names its arrays (the published file), or as Keras 2."""
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            layer, kind = name.split("/")
            inner = f"{layer}_{'W' if kind == 'kernel' else 'b'}_1:0" if old else f"{layer}/{kind}:0"
            file[f"{below}{layer}/{inner}"] = array.astype(np.float32)
        file.create_group(f"{below}block1_pool")
    return path


@pytest.fixture(params=["keras 1", "keras 2", "keras model", "torchvision pth", "torchvision safetensors"])
def weights(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    arrays = random_arrays()
    match request.param:
        case "torchvision pth":
            torch.save(as_torchvision(arrays), tmp_path / "vgg16.pth")
            return tmp_path / "vgg16.pth"
        case "torchvision safetensors":
            save_file(as_torchvision(arrays), tmp_path / "vgg16.safetensors")
            return tmp_path / "vgg16.safetensors"
        case layout:
            below = "model_weights/" if layout == "keras model" else ""
            return write_keras(tmp_path / "vgg16.h5", arrays, old=layout == "keras 1", below=below)


def test_every_layer_gives_what_keras_computes(weights: Path) -> None:
    vgg, _ = open_published(weights)
    vgg.eval()
    image = np.random.default_rng(1).normal(0, 1, (SIDE_PX, SIDE_PX, 3))
    expected = keras_vgg(random_arrays(), image)
    seen: dict[str, torch.Tensor] = {}
    for name, place in keras_names().items():
        layer = vgg.get_submodule(place)
        layer.register_forward_hook(lambda _, __, given, name=name: seen.update({name: given.relu()[0]}))
    features = vgg(torch.tensor(image, dtype=torch.float32).permute(2, 0, 1)[None])
    for name, wanted in expected.items():
        given = seen[name].detach()
        given = given.permute(1, 2, 0) if given.ndim == 3 else given
        np.testing.assert_allclose(given.numpy(), wanted, atol=1e-3, rtol=1e-3, err_msg=name)
    np.testing.assert_allclose(features[0].detach().numpy(), expected["fc2"], atol=1e-3, rtol=1e-3)


def test_weights_bring_their_own_preprocessing(tmp_path: Path) -> None:
    arrays = random_arrays()
    save_file(as_torchvision(arrays), tmp_path / "vgg16.safetensors")
    _, ours = open_published(tmp_path / "vgg16.safetensors")
    _, theirs = open_published(write_keras(tmp_path / "vgg16.h5", arrays, old=True))
    assert (ours, theirs) == ("torch", "caffe")
    pixel = torch.tensor([[[[255, 128, 0]]]], dtype=torch.uint8)
    blue, green, red = normalised(pixel, "caffe").flatten().tolist()
    assert (blue, green, red) == pytest.approx((0 - 103.939, 128 - 116.779, 255 - 123.68), abs=1e-3)
    red, green, blue = normalised(pixel, "torch").flatten().tolist()
    assert red == pytest.approx((1 - 0.485) / 0.229, abs=1e-5)
    assert blue == pytest.approx(-0.406 / 0.225, abs=1e-5)


def test_at_full_width_it_is_the_published_network() -> None:
    with torch.device("meta"):
        vgg = Vgg16()
    shapes = {name: tuple(weight.shape) for name, weight in vgg.state_dict().items()}
    assert sum(np.prod(shape) for shape in shapes.values()) == 138_357_544 - 4096 * 1000 - 1000
    assert shapes["features.0.weight"] == (64, 3, 3, 3)
    assert shapes["features.28.weight"] == (512, 512, 3, 3)
    assert shapes["classifier.0.weight"] == (4096, 25088)
    assert sum(len(shape) == 4 for shape in shapes.values()) == 13


@pytest.mark.parametrize(("width", "side_px", "feature"), [(1 / 8, 96, 512), (1 / 32, 32, 128)])
def test_narrow_ones_take_smaller_pictures(width: float, side_px: int, feature: int) -> None:
    assert Vgg16(width=width, side_px=side_px)(torch.zeros(2, 3, side_px, side_px)).shape == (2, feature)


def test_a_fresh_network_keeps_pictures_apart() -> None:
    torch.manual_seed(0)
    vgg = Vgg16(width=1 / 8, side_px=96).eval()
    features = vgg(torch.randn(2, 3, 96, 96))
    assert features.std() > 0.1
    assert (features[0] - features[1]).abs().max() > 0.1


def test_weights_that_are_none_are_refused_with_what_to_take(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"vgg16-397923af\.pth"):
        open_published(tmp_path / "gone.pth")
    for name in ("text.pth", "text.safetensors", "text.h5"):
        (tmp_path / name).write_text("no weights at all")
        with pytest.raises(BadRequest, match="cannot be read as weights"):
            open_published(tmp_path / name)


def test_a_pickle_with_code_is_not_run(tmp_path: Path) -> None:
    torch.save(
        {"features.0.weight": Path("/")}, tmp_path / "code.pth"
    )  # a class, which plain weights never hold
    with pytest.raises(BadRequest, match="cannot be read as weights"):
        open_published(tmp_path / "code.pth")


def test_another_network_is_named_for_what_it_is_not(tmp_path: Path) -> None:
    arrays = random_arrays()
    topless = {name: array for name, array in arrays.items() if not name.startswith("fc")}
    with pytest.raises(BadRequest, match=r"lacks classifier.0.weight.*with top"):
        open_published(write_keras(tmp_path / "notop.h5", topless, old=True))
    state = as_torchvision(arrays)
    state["features.5.weight"] = torch.zeros(4, 2, 5, 5)
    save_file(state, tmp_path / "other.safetensors")
    with pytest.raises(BadRequest, match=r"another network: features.5.weight is \(4, 2, 5, 5\)"):
        open_published(tmp_path / "other.safetensors")


def test_without_h5py_keras_weights_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_keras(tmp_path / "vgg16.h5", random_arrays(), old=True)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(BadRequest, match=r"afterimage\[lab\]"):
        open_published(path)


def test_oblong_pictures_are_squashed_whole() -> None:
    image = Image.new("RGB", (90, 30), "red")
    image.paste("blue", (60, 0, 90, 30))
    pixels = squashed(image, 30)
    assert pixels.shape == (30, 30, 3)
    assert pixels[15, 2].tolist() == [255, 0, 0]
    assert pixels[15, 27].tolist() == [0, 0, 255]
