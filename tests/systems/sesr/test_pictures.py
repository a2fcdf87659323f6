"""Bicubic halving and doubling, ratios in decibels, and pictures of a user's."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from gen.report.workload.png import png
from hdl.params import BitloomError, ConfigError, ToolError
from sim_tb.systems.sesr import photographs
from sim_tb.systems.sesr.photographs import HELD_OUT, LEARNED, luma
from sim_tb.systems.sesr.pictures import picture
from sim_tb.systems.sesr.quality import Quality, middle, quality
from sim_tb.systems.sesr.quantise import quantise
from sim_tb.systems.sesr.resize import double, halve, psnr
from tests.systems.sesr.networks import floating, pixels


def test_flat_images_stay_flat() -> None:
    flat = np.full((10, 14), 77, np.uint8)
    assert np.array_equal(halve(flat), flat[::2, ::2])
    assert np.array_equal(double(flat), np.full((20, 28), 77))


def test_slopes_stay_where_they_are() -> None:
    """Neither way moves an image: a slope has its values at the middles of pixels, but for the edges."""
    slope = np.tile(np.arange(0, 240, 4), (60, 1)).astype(np.uint8)
    assert np.abs(halve(slope)[:, 3:-3] - (slope[::2, ::2].astype(float) + 2)[:, 3:-3]).max() <= 1
    doubled = double(slope)[:, 6:-6].astype(float)
    wanted = (np.arange(120) + 0.5) * 2 - 2
    assert np.abs(doubled - wanted[6:-6]).max() <= 0.5


def test_other_tools_agree() -> None:
    """Pillow's bicubic filter is the same kernel."""
    image = pytest.importorskip("PIL.Image", reason="Pillow, which scikit-image brings along, is not installed")
    own = np.random.default_rng(2).integers(60, 190, (40, 52)).astype(np.uint8)
    for found, size in ((halve(own), (26, 20)), (double(own), (104, 80))):
        other = np.asarray(image.fromarray(own).resize(size, image.Resampling.BICUBIC)).astype(int)
        inner = (slice(8, -8),) * 2
        assert np.abs(found.astype(int) - other)[inner].max() <= 1


def test_ratios() -> None:
    image = pixels(20, 20) // 2
    assert psnr(image, image) == float("inf")
    assert psnr(image + 5, image) == pytest.approx(20 * np.log10(255 / 5))
    framed = image.copy()
    framed[:2] = framed[-2:] = 255
    framed[:, :2] = framed[:, -2:] = 255
    assert psnr(framed, image) == float("inf")


def test_luma_is_that_of_bt_601() -> None:
    colours = np.array([[[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [1, 2, 3]]], np.uint8)
    assert luma(colours).tolist() == [[255, 76, 150, 29, 2]]
    grey = pixels(3, 4)
    assert luma(grey) is grey


@pytest.mark.parametrize(
    ("ratios", "near", "above"),
    [
        ((30.0, 29.0, 31.0, 30.9), True, True),
        ((30.0, 31.0, 31.3, 31.0), False, False),
        ((30.0, 29.0, 30.1, 29.95), True, False),
    ],
)
def test_what_is_near_and_above(ratios: tuple[float, ...], near: bool, above: bool) -> None:
    found = Quality("x", 10, 10, *ratios)
    assert (found.near, found.above) == (near, above)


def test_a_photograph_is_judged() -> None:
    pytest.importorskip("skimage", reason="scikit-image has the spline")
    network = floating()
    image = np.kron(pixels(12, 16), np.ones((2, 2), np.uint8))
    found, images = quality("x", image, network, quantise(network, [halve(image)]))
    assert {each.shape for each in images.values()} == {image.shape}
    assert found.bicubic == psnr(images["bicubic"], image)
    assert found.int8 == psnr(images["int8"], image)
    assert found.bicubic != found.spline


def test_none_is_both_learned_and_held_out() -> None:
    assert not set(HELD_OUT) & set(LEARNED)
    pytest.importorskip("skimage", reason="scikit-image ships the photographs")
    for name in HELD_OUT:
        image = photographs.photograph(name)
        assert image.ndim == 2
        assert all(side % 2 == 0 for side in image.shape)


def test_the_middle() -> None:
    image = pixels(9, 12)
    assert np.array_equal(middle(image, 4), image[2:6, 4:8])
    assert middle(image, None) is image
    assert middle(image, 50).shape == (9, 12)


def test_pictures_are_read(tmp_path) -> None:
    colours = np.random.default_rng(1).integers(0, 256, (21, 30, 3)).astype(np.uint8)
    (tmp_path / "p.png").write_bytes(png(colours))
    np.save(tmp_path / "p.npy", colours)
    pytest.importorskip("skimage", reason="scikit-image reads pictures")
    for name in ("p.png", "p.npy"):
        assert np.array_equal(picture(tmp_path / name, 8), luma(colours)[:20])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.png", b"no picture", "p.png: is no picture that can be read"),
        ("p.npy", b"", "p.npy: is no picture that can be read"),
        ("p.npy", np.zeros((20, 20)), "p.npy: is float64 of shape (20, 20)"),
        ("p.npy", np.zeros((20, 20, 2), np.uint8), "p.npy: is uint8 of shape (20, 20, 2)"),
        ("p.npy", np.zeros(20, np.uint8), "p.npy: is uint8 of shape (20,)"),
        ("p.npy", np.zeros((20, 7), np.uint8), "p.npy: has 20 x 7 pixels (from 8 to 4,096 along a side)"),
        ("p.npy", np.zeros((5000, 8), np.uint8), "p.npy: has 5000 x 8 pixels"),
    ],
)
def test_other_files_are_refused(tmp_path, name: str, content: object, message: str) -> None:
    pytest.importorskip("skimage", reason="scikit-image reads pictures")
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content)
    with pytest.raises(ConfigError) as error:
        picture(path, 8)
    assert message in str(error.value)


def test_pixels_of_more_bits_are_refused(tmp_path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow, which scikit-image brings along, is not installed")
    image.fromarray(np.zeros((20, 20), np.uint16)).save(tmp_path / "p.png")
    with pytest.raises(ConfigError, match=r"p\.png: has pixels of the kind I;16 \(8 bits for grey"):
        picture(tmp_path / "p.png", 8)


def test_missing_scikit_image_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(ToolError, match=r"scikit-image: pip install 'bitloom\[photographs\]'") as error:
        photographs.photograph("camera")
    assert isinstance(error.value, BitloomError)


def test_the_picture_of_the_page_is_what_the_network_makes(root) -> None:
    """To a grey level: the last bits of floating-point sums are the machine's."""
    image = pytest.importorskip("PIL.Image", reason="Pillow, which scikit-image brings along, is not installed")
    from sim_tb.systems.sesr.strip import strip

    kept = np.asarray(image.open(root / "docs/images/sesr.png"))
    assert np.abs(strip().astype(int) - kept).max() <= 1
