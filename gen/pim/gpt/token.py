"""The instructions that take a decoder one token further."""

from __future__ import annotations

import struct
from math import lcm

from gen.pim.gpt.code import Code, Loop
from gen.pim.gpt.placement import Placement, Round
from hdl.params import ConfigError, Problem
from hdl.params.pim import Instruction, PimParams

__all__ = ["TOKEN", "token_pieces"]

#: Scalar registers: the token (an integer), the same as a number, and what normalisation and softmax need.
TOKEN, NUMBER, EPS, SHARE, SCALE = range(5)
#: Columns that one instruction reads at most.
LONGEST = 4095
#: bf16 of -128: e to its power is zero.
FAR_DOWN = 0xC300


def token_pieces(
    placement: Placement, position: int, token: int | None = None, *, predict: bool = True
) -> list[list[Instruction]]:
    """Process the token at a position; the keys and values of those before it are in the caches.

    Parameters
    ----------
    placement : Placement
    position : int
        From 0.
    token : int, optional
        The token; by default register ``TOKEN`` has it, where the prediction before left it.
    predict : bool
        Compute the logits, leave the most likely next token in register ``TOKEN`` and send a vector of two elements
        whose second is that token. Otherwise only the caches are extended.

    Returns
    -------
    list of lists of Instruction
        Pieces that run one after the other and can be programs of their own: the embedding, each layer, the prediction.

    Raises
    ------
    ConfigError
        If there is no such position or token.
    """
    shape = placement.shape
    if not 0 <= position < shape.context:
        raise ConfigError([Problem("position", f"must be 0 to {shape.context - 1}, not {position}")])
    if token is not None and not 0 <= token < shape.vocabulary:
        raise ConfigError([Problem("token", f"must be 0 to {shape.vocabulary - 1}, not {token}")])
    makers = [_Token(placement, position) for _ in range(shape.layers + 2)]
    makers[0].embed(token)
    for layer, maker in enumerate(makers[1:-1]):
        maker.layer(layer)
    if predict:
        makers[-1].predict()
    return [maker.code.instructions for maker in makers if maker.code.instructions]


class _Token:
    """Emits the work on one token."""

    def __init__(self, placement: Placement, position: int) -> None:
        self.at = placement
        self.params: PimParams = placement.params
        self.position = position
        self.code = Code(placement.params)

    # --- both ends ---------------------------------------------------------------------------------------------------
    def embed(self, token: int | None) -> None:
        """The embedding of the token, a row of ``wte`` that its vector selects, and that of the position: x."""
        at, sram, add, shape = self.at, self.at.sram, self.code.add, self.at.shape
        if token is not None:
            add("SETR", r=TOKEN, value=token)
        for register, value in (
            (EPS, shape.width * shape.epsilon),
            (SHARE, 1 / shape.width),
            (SCALE, shape.head_width**-0.5),
        ):
            add("SETR", r=register, value=struct.unpack("<I", struct.pack("<f", value))[0])
        self._read(at.constants, 0, sram.numbers)
        self._token_vector()
        add("RSUM", r=NUMBER, a=sram.token, n=2)
        size = shape.vocabulary
        # exp(-128 (i - token)^2) is 1 for the token, and 0 for all others.
        add("VAXPY", "reg", imm=NUMBER, a=sram.ones, b=sram.numbers, d=sram.one_hot, n=size)
        add("VMUL", a=sram.one_hot, b=sram.one_hot, d=sram.one_hot, n=size)
        add("VSCALE", imm=FAR_DOWN, a=sram.one_hot, d=sram.one_hot, n=size)
        add("VEXP", a=sram.one_hot, d=sram.one_hot, n=size)
        self._multiply("lookup", sram.one_hot, sram.y)
        self._read(at.positions, self.position, sram.x)
        self._add()

    def predict(self) -> None:
        """The logits of the next token, and the most likely one, which is sent."""
        at, sram, add = self.at, self.at.sram, self.code.add
        self._read(at.final, 0, sram.vectors)
        self._normalise(sram.vectors, sram.vectors + at.width_words)
        self._read(at.constants, 0, sram.numbers)
        self._multiply("wte", sram.y, sram.logits)
        add("ARGMAX", r=TOKEN, a=sram.logits, n=at.shape.vocabulary)
        self._token_vector()
        add("OUT", a=sram.token, n=sram.one_hot - sram.token)

    def _token_vector(self) -> None:
        """(0, token) as numbers, from the integer in the register."""
        sram = self.at.sram
        self.code.add("VGATHER", "reg", a=sram.numbers, stride=TOKEN, d=sram.token, n=2)

    # --- a layer -----------------------------------------------------------------------------------------------------
    def layer(self, layer: int) -> None:
        """Attention and MLP: x += attention(norm(x)); x += MLP(norm(x))."""
        at, sram, name = self.at, self.at.sram, f"h{layer}/"
        self._read(at.layers, layer, sram.vectors)
        vectors, next_one = {}, sram.vectors
        for vector, words in at.vector_words.items():
            vectors[vector] = next_one
            next_one += words
        self._normalise(vectors["ln_1/g"], vectors["ln_1/b"])
        self._multiply(f"{name}attn/c_attn/w", sram.y, sram.qkv, vectors["attn/c_attn/b"])
        self._store(layer)
        self._score(layer)
        self._mix(layer)
        self._multiply(f"{name}attn/c_proj/w", sram.mixed, sram.y, vectors["attn/c_proj/b"])
        self._add()
        self._normalise(vectors["ln_2/g"], vectors["ln_2/b"])
        self._multiply(f"{name}mlp/c_fc/w", sram.y, sram.wide, vectors["mlp/c_fc/b"])
        self.code.add("VGELU", a=sram.wide, d=sram.wide, n=at.shape.inner)
        self._multiply(f"{name}mlp/c_proj/w", sram.wide, sram.y, vectors["mlp/c_proj/b"])
        self._add()

    def _store(self, layer: int) -> None:
        """Write the key in one piece, and the value one element a unit."""
        at, sram, params = self.at, self.at.sram, self.params
        width = at.width_words
        channel, bank, column = at.keys[layer].place(params, self.position)
        for done, words in _pieces(width):
            self.code.add("WR_SB", mask=1 << channel, bank=bank, at=column + done, n=words, a=sram.qkv + width + done)
        word, lane = divmod(self.position, params.lanes)
        slots = at.slots(at.shape.width)
        with self.code.loop(slots, columns=at.value_words, a=params.slot_words) as slot:
            value, column = sram.qkv + 2 * width, at.values[layer] + word
            move = {"row": [slot], "a": [slot]}
            self.code.add("WR_ELEM", mask=self._all, at=column, lane=lane, a=value, move=move)

    def _score(self, layer: int) -> None:
        """Every head's scores: units tokens at a time, and then softmax."""
        at, sram, add, loop = self.at, self.at.sram, self.code.add, self.code.loop
        heads, words = at.shape.heads, at.shape.head_width // self.params.lanes
        slots = at.slots(self.position + 1)
        with loop(heads, columns=words, a=words, d=sram.score_words) as head:
            add("WR_GB", mask=self._all, a=sram.qkv, n=words, move={"a": [head]})
            with loop(slots, columns=at.width_words, d=self.params.slot_words) as slot:
                both = [head, slot]
                add("MAC_AB", mask=self._all, at=at.keys[layer].at, n=words, move={"row": both})
                add("RD_MAC", mask=self._all, d=sram.scores, move={"d": both})
        with loop(heads, a=sram.score_words, d=sram.score_words) as head:
            move = {"a": [head], "d": [head]}
            add("SOFTMAX", "reg", imm=SCALE, a=sram.scores, d=sram.scores, n=self.position + 1, move=move)

    def _mix(self, layer: int) -> None:
        """The values, weighted with each head's probabilities.

        The heads of a slot's channels repeat after the least common multiple of a head and a slot: a loop over these
        periods, and what is left of one.
        """
        at, units, size = self.at, self.params.units, self.at.shape.head_width
        period = lcm(units, size)
        whole, left = divmod(at.shape.width, period)
        slots, heads = period // units, period // size
        if whole:
            steps = {"a": heads * at.sram.score_words, "d": slots * self.params.slot_words}
            with self.code.loop(whole, columns=slots * at.value_words, **steps) as loop:
                self._mix_slots(layer, 0, slots, loop)
        if left:
            self._mix_slots(layer, whole * slots, at.slots(at.shape.width), Loop(None))

    def _mix_slots(self, layer: int, first: int, end: int, period: Loop) -> None:
        """Some slots of the outputs; tokens as many at a time as the global buffer holds."""
        at, sram, add, chunk = self.at, self.at.sram, self.code.add, self.params.gb_words
        words = self.position // self.params.lanes + 1
        for slot in range(first, end):
            masks = self._heads(slot)
            everyone = sum(masks.values())
            column = at.values[layer] + slot * at.value_words
            for start, count, length in ((0, words // chunk, chunk), (words // chunk * chunk, 1, words % chunk)):
                if count * length == 0:
                    continue
                with self.code.loop(count, columns=length, a=length) as loop:
                    moving = [period, loop]
                    for head, mask in masks.items():
                        a = sram.scores + head * sram.score_words + start
                        add("WR_GB", mask=mask, a=a, n=length, move={"a": moving})
                    add("MAC_AB", mask=everyone, at=column + start, n=length, move={"row": moving})
            add("RD_MAC", mask=everyone, d=sram.mixed + slot * self.params.slot_words, move={"d": [period]})

    def _heads(self, slot: int) -> dict[int, int]:
        """The channels that work for each head in a slot; a channel's banks all work for one."""
        masks: dict[int, int] = {}
        for channel in range(self.params.channels):
            element = slot * self.params.units + channel * self.params.banks
            if element < self.at.shape.width:
                head = element // self.at.shape.head_width
                masks[head] = masks.get(head, 0) | 1 << channel
        return masks

    # --- steps -------------------------------------------------------------------------------------------------------
    @property
    def _all(self) -> int:
        return (1 << self.params.channels) - 1

    def _read(self, items: Round, item: int, word: int) -> None:
        """Bring an item to SRAM."""
        channel, bank, column = items.place(self.params, item)
        for done, words in _pieces(items.words):
            self.code.add("RD_SB", mask=1 << channel, bank=bank, at=column + done, n=words, d=word + done)

    def _multiply(self, name: str, source: int, result: int, bias: int | None = None) -> None:
        matrix = self.at.matrices[name]
        flags = ("zero",) if bias is None else ()
        self.code.add("VMM", *flags, at=matrix.at, a=source, b=bias or 0, d=result, n=matrix.words, slots=matrix.slots)

    def _normalise(self, gamma: int, beta: int) -> None:
        """Layer normalisation: y = norm(x)."""
        sram = self.at.sram
        width = self.at.shape.width
        self.code.add("LAYERNORM", a=sram.x, b=gamma, beta=beta, d=sram.y, n=width, eps=EPS, share=SHARE)

    def _add(self) -> None:
        """The residual connection: x += y."""
        sram = self.at.sram
        self.code.add("VADD", a=sram.x, b=sram.y, d=sram.x, n=self.at.shape.width)


def _pieces(words: int) -> list[tuple[int, int]]:
    """So many words in runs that an instruction can move: the words before each, and its length."""
    return [(start, min(LONGEST, words - start)) for start in range(0, words, LONGEST)]
