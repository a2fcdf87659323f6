"""Where activations lie in the controller's SRAM, and in how many pieces they come if they don't fit at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import lcm

from gen.pim.compile.placement import Placement
from gen.pim.compile.registers import MOST_IN_PIECES
from hdl.params import ConfigError, Problem
from hdl.params.pim import words_of

__all__ = ["TOGETHER", "Pass", "Sram", "arrange"]

#: Heads that become probabilities at the same time, about: half of what the vector unit has at work.
TOGETHER = 4


@dataclass(frozen=True)
class Pass:
    """Heads whose scores are in SRAM at the same time: some repeats of some groups, from the first ones on.

    Parameters
    ----------
    repeats, groups : range
    """

    repeats: range
    groups: range

    def index(self, repeat: int, group: int) -> int:
        """The place of a head among those of the pass."""
        return (repeat - self.repeats.start) * len(self.groups) + group - self.groups.start

    @property
    def heads(self) -> int:
        """How many there are."""
        return len(self.repeats) * len(self.groups)


@dataclass(frozen=True)
class Sram:
    """The SRAM words where vectors begin.

    ``x`` is the residual stream, ``y`` its normalised form, ``z`` what goes back to it, ``gain`` the vectors of a
    normalisation, ``gain_2`` those of a layer's second one, at the same place or apart, ``turn`` the cosines, sines and
    negative sines of a token, as long as a half of all heads each. What attention, MLP, and the two ends of the network
    use takes the same place, one after the other, from ``shared`` on. ``scales`` are those of values of 8 bits.
    ``gain``, ``gain_2`` and ``turn`` are for all sequences of a batch; of the rest each has its own, and these are the
    first one's.

    Parameters
    ----------
    batch, stride : int
        Sequences, and words from what belongs to one of them to the same of the next.
    bias, bias_z : int
        Biases of products that go to ``shared`` and to ``z``: there, or with a batch at places of their own.
    passes : tuple of Pass
        The heads of a layer, as many at a time as have room for their scores.
    pieces : tuple of range
        The slots of the logits, as many at a time as there is room for.
    regions : tuple of (str, int, int)
        Name, first word and words of everything, for people.
    """

    batch: int
    stride: int
    bias: int
    bias_z: int
    gain: int
    gain_2: int
    turn: int
    turn_words: int
    x: int
    y: int
    z: int
    shared: int
    mixed: int
    scales: int
    scores: int
    score_words: int
    passes: tuple[Pass, ...]
    pieces: tuple[range, ...]
    regions: tuple[tuple[str, int, int], ...]

    @property
    def end(self) -> int:
        """Words that are used."""
        return max(first + words for _, first, words in self.regions)

    @property
    def sequences(self) -> tuple[Sram, ...]:
        """The same for each sequence of the batch."""
        own = ("x", "y", "z", "shared", "mixed", "scales", "scores")
        return tuple(
            replace(self, **{name: getattr(self, name) + index * self.stride for name in own})
            for index in range(self.batch)
        )


def arrange(placement: Placement, *, overlap: bool) -> Sram:
    """Lay out the SRAM of a decoder's placement.

    With ``overlap`` both normalisations of a layer have places for their vectors, so that one can be read while the
    other is in use, unless scores or logits would come in more pieces for it.

    Raises
    ------
    ConfigError
        If it is too small for a single pass or piece, with the words that it takes at least.
    """
    found = _arrange(placement, apart=False)
    if not overlap or placement.decoder.parallel:
        return found
    try:
        wider = _arrange(placement, apart=True)
    except ConfigError:
        return found
    same = (len(wider.passes), len(wider.pieces)) == (len(found.passes), len(found.pieces))
    return wider if same else found


def _arrange(placement: Placement, *, apart: bool) -> Sram:
    """Lay out the SRAM, with places for the vectors of one normalisation or of two."""
    params, decoder, heads = placement.params, placement.decoder, placement.heads
    width = placement.slot_words(decoder.width)
    item = 0 if placement.embedding else sum(placement.output.lengths[:-1]) + placement.output.pitches[-1]
    turn_words = heads.turned * heads.line_words
    batch = placement.batch
    at, regions = 0, []

    def region(name: str, words: int) -> int:
        nonlocal at
        regions.append((name, at, words))
        at += words
        return regions[-1][1]

    vectors = placement.width_words * (1 if decoder.norm.kind == "rms" else 2)
    gain = region("normalisation", (1 + apart) * vectors)
    turn = region("rotation", 3 * turn_words) if turn_words else at
    sizes = {name: each.result_words for name, each in placement.layer.items() if f"{name}.bias" in placement.vectors}
    bias, bias_z = at, at
    if batch > 1 and sizes:
        bias = region("biases", max(sizes.get(name, 0) for name in ("attend", "up")))
        bias_z = region("biases of results", max(sizes.get(name, 0) for name in ("mix", "down")))
    own = at
    # Where the part of the first sequence ends at the latest.
    limit = own + (params.sram_words - own) // batch
    x = region("residual stream", max(width, item))
    y = region("normalised", width)
    z = region("result", width)
    shared = at
    # Of values and of what is mixed, the last slot may reach beyond the last element.
    region("queries, keys, values", max(placement.layer["attend"].result_words, heads.value + _slots(placement)))
    mixed = region("mixed values", _slots(placement, heads.repeats) + params.slot_words)
    score_words = placement.slot_words(placement.tokens)
    scales = at if placement.scales is None else region("scales", score_words)
    scores, free = at, limit - at
    passes = tuple(_passes(placement, free // score_words)) if free > 0 else ()
    least = _least_heads(placement) * score_words
    most = max((each.heads for each in passes), default=0) * score_words
    region("scores", max(most, least, 2 * turn_words, _packing(placement)))
    at = shared
    region("MLP", max(placement.layer["up"].result_words, words_of(params, decoder.mlp.inner)))
    at = shared
    free = (limit - at) // params.slot_words
    pieces = tuple(_pieces(placement.output.slots, placement.output.group or 1, free))
    region("logits", len(pieces[0]) * params.slot_words)
    if turn_words:
        at = shared
        region("rotation of the position", placement.positions.words)
    stride = max(first + words for _, first, words in regions) - own
    if batch > 1:
        regions.append(("other sequences", own + stride, (batch - 1) * stride))
    found = Sram(
        batch=batch,
        stride=stride,
        bias=bias if batch > 1 else shared,
        bias_z=bias_z if batch > 1 else z,
        gain=gain,
        gain_2=gain + apart * vectors,
        turn=turn,
        turn_words=turn_words,
        x=x,
        y=y,
        z=z,
        shared=shared,
        mixed=mixed,
        scales=scales,
        scores=scores,
        score_words=score_words,
        passes=passes,
        pieces=pieces,
        regions=tuple(regions),
    )
    if found.end > params.sram_words or not passes:
        what = max(regions, key=lambda each: each[1] + each[2] if each[1] < own + stride else 0)[0]
        some = f" of {batch} sequences" if batch > 1 else ""
        message = f"must be at least {found.end} for the {what}{some}, not {params.sram_words}"
        raise ConfigError([Problem("pim.sram_words", message)])
    if batch > MOST_IN_PIECES and len(pieces) > 1:
        least = own + batch * (shared - own + placement.output.slots * params.slot_words)
        message = f"must be at least {least} for all logits of {batch} sequences at once, not {params.sram_words}: "
        message += f"only of {MOST_IN_PIECES} they can come in pieces"
        raise ConfigError([Problem("pim.sram_words", message, f"or take a batch of {MOST_IN_PIECES}")])
    return found


def _slots(placement: Placement, repeats: int = 1) -> int:
    """Words of some repeats of values, the last slot whole."""
    params, heads = placement.params, placement.heads
    before = (repeats - 1) * heads.values // params.lanes
    return before + placement.slot_words(heads.values)


def _packing(placement: Placement) -> int:
    """Words that the making of integers from a token's keys takes: all parts side by side, or integers and scale."""
    heads = placement.heads
    if placement.scales is None:
        return 0
    return max(heads.key_columns, heads.groups * heads.head_words if len(heads.parts) > 1 else 0)


def _least_heads(placement: Placement) -> int:
    """Groups whose values fill whole slots, or all of them: a pass has a multiple of so many."""
    width = placement.heads.value_width
    return min(placement.heads.groups, lcm(placement.params.units, width) // width)


def _passes(placement: Placement, room: int) -> Iterator[Pass]:
    """The heads of a layer, with room for the scores of so many: all repeats of some groups, or some of the fewest."""
    heads, least = placement.heads, _least_heads(placement)
    groups = room // heads.repeats // least * least
    groups, repeats = (min(groups, heads.groups), heads.repeats) if groups else (least, room // least)
    if not repeats:
        return
    for group in range(0, heads.groups, groups):
        for repeat in range(0, heads.repeats, repeats):
            some = range(group, min(group + groups, heads.groups))
            yield Pass(range(repeat, min(repeat + repeats, heads.repeats)), some)


def _pieces(slots: int, group: int, most: int) -> Iterator[range]:
    """Whole groups of slots in as few pieces as there can be, with at most so many slots, as even as they can be."""
    groups = -(-slots // group)
    count = -(-groups // max(1, most // group))
    for piece in range(count):
        yield range(piece * groups // count * group, min((piece + 1) * groups // count * group, slots))
