"""Networks whose training is mapped: the layers of ResNet8 and DS-CNN, as MLPerf Tiny has them, without numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from sim_tb.systems.training.layer import Layer
from sim_tb.workloads.gemm import Convolution, Topology

__all__ = ["NETWORKS", "ds_cnn", "resnet8", "topology"]


def resnet8(batch: int = 1) -> tuple[Layer, ...]:
    """Images of 32x32 in three colours, three blocks of two convolutions, ten classes."""
    found = [Layer.same("conv", (32, 32), 3, 16, 3, batch=batch, first=True)]
    size, channels = (32, 32), 16
    for number, (filters, stride) in enumerate(((16, 1), (32, 2), (64, 2)), 1):
        name, to = f"block{number}", (size[0] // stride, size[1] // stride)
        found += [
            Layer.same(f"{name} a", size, channels, filters, 3, stride, batch=batch),
            Layer.same(f"{name} b", to, filters, filters, 3, batch=batch),
        ]
        if stride > 1:
            found.append(Layer.same(f"{name} shortcut", size, channels, filters, 1, stride, batch=batch))
        size, channels = to, filters
    return (*found, Layer.linear("linear", channels, 10, batch=batch))


def ds_cnn(batch: int = 1) -> tuple[Layer, ...]:
    """49 frames of 10 coefficients of a sound, four depthwise convolutions and what mixes their channels, 12 words."""
    channels, height, width = 64, 25, 5
    geometry = Convolution(kernel=(10, 4), height=49, width=10, channels=1, stride=(2, 2), padding=(4, 1, 5, 1))
    found = [Layer(name="conv", conv=geometry, filters=channels, batch=batch, first=True)]
    for number in range(1, 5):
        point = Convolution(kernel=(1, 1), height=height, width=width, channels=channels)
        deep = replace(point, kernel=(3, 3), padding=(1, 1, 1, 1))
        found += [
            Layer(name=f"depthwise{number}", conv=deep, filters=channels, groups=channels, batch=batch),
            Layer(name=f"pointwise{number}", conv=point, filters=channels, batch=batch),
        ]
    return (*found, Layer.linear("linear", channels, 12, batch=batch))


#: By name.
NETWORKS: Mapping[str, Callable[[int], tuple[Layer, ...]]] = {"ResNet8": resnet8, "DS-CNN": ds_cnn}


def topology(name: str, layers: Iterable[Layer], *passes: str) -> Topology:
    """The products of some passes of these layers; of all, where none is named."""
    wanted = [product for layer in layers for product in layer.products(*passes)]
    return Topology(name, tuple(wanted))
