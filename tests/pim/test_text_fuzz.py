"""Programs and stream files with something wrong: each ends right, or in a refusal that says where.

Judged on assembler, static check and golden model. Of what is accepted the static check must have been right: the
golden model finds no fault that does not come from a scalar register.
"""

from __future__ import annotations

import errno
import io
import json
import os
import random
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gen.cli.commands import pim, pim_run
from gen.pim.assemble import assemble
from gen.pim.check import words_taken
from gen.pim.files import read_array, read_text, read_words, write_words
from gen.pim.program import Program, load, save
from hdl.params import BitloomError, ConfigError
from hdl.params.pim import PRESETS, PimParams
from sim_tb.golden.pim import Footprint, Machine

ROOT = Path(__file__).resolve().parents[2]
TINY = PRESETS["tiny"]
ATTENTION = (ROOT / "configs" / "attention.pim").read_text()
LOOPS = """\
.system tiny, gb_words=4, timing.trp=7, timing.trc=21
.const base = 2 * (ROW_COLS + 1) - 0x2  # 16
.const m = CH1 | CH0
        in      d=0, n=8
        setr    r=r1, value=1e-5
        setr    r=r2, value=3
outer:  loop    n=2, row=1, col=3, a=0b10
          wr_gb   mask=m, a=0@outer, n=2
inner:    loop    n=3, d=SLOT_WORDS
            mac_ab  row=base@outer, col=1, n=2
            rd_mac  d=64@outer@inner, mask=ALL
          endl    inner
        endl    outer
        vmm     row=0, n=6, slots=r2, a=0, b=80, d=96, fence
        softmax a=96, d=96, n=24, imm=-1/8
        vgather a=96, d=200, n=5, stride=r2
        layernorm a=96, b=96, beta=96, d=140, n=13, eps=r1, share=r1
        out     a=96, n=6
        halt    irq
"""
TEXTS = {"attention": ATTENTION, "loops": LOOPS}
WORDS = [
    "0",
    "-1",
    "65536",
    "99999999999999999999",
    "1e400",
    "nan",
    "0x",
    "(",
    ")",
    "@",
    "=",
    ",",
    ":",
    "#",
    ".system",
    "halt",
    "endl",
    "loop n=3",
    "r16",
    "CH9",
    "1/0",
    "~",
    "é",
    "\u2028",
    "\x00",
    "'",
    '"',
    "\t",
    "tiny",
    "n=0",
    "%",
]


# --- mutations -------------------------------------------------------------------------------------------------------
def broken(data: bytes, rng: random.Random) -> bytes:
    """A text with one to three changes: lines, words, numbers, bytes, encoding, length."""
    for _ in range(rng.randint(1, 3)):
        data = rng.choice(MUTATIONS)(data, rng)
    return data


def lines(data: bytes, rng: random.Random) -> bytes:
    """A line deleted, doubled, moved or cut."""
    rows = data.split(b"\n")
    at, other = rng.randrange(len(rows)), rng.randrange(len(rows))
    kind = rng.randrange(4)
    if kind == 0:
        del rows[at]
    elif kind == 1:
        rows.insert(other, rows[at])
    elif kind == 2:
        rows[at], rows[other] = rows[other], rows[at]
    else:
        rows[at] = rows[at][: rng.randrange(len(rows[at]) + 1)]
    return b"\n".join(rows)


def words(data: bytes, rng: random.Random) -> bytes:
    """A word deleted, doubled, or another one in its place."""
    parts = data.split(b" ")
    at = rng.randrange(len(parts))
    parts[at : at + 1] = rng.choice(
        [[], [parts[at]] * 2, [rng.choice(WORDS).encode()], [parts[at], rng.choice(WORDS).encode()]]
    )
    return b" ".join(parts)


def numbers(data: bytes, rng: random.Random) -> bytes:
    """A digit that is another number."""
    places = [i for i, byte in enumerate(data) if chr(byte).isdigit()]
    if not places:
        return data
    at = rng.choice(places)
    return (
        data[:at]
        + str(rng.choice([0, 7, 8, 64, 513, 2048, 4095, 4096, 1 << 16, 1 << 40, -3])).encode()
        + data[at + 1 :]
    )


def flipped(data: bytes, rng: random.Random) -> bytes:
    """Some bytes are others."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if found:
            found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)


def cut(data: bytes, rng: random.Random) -> bytes:
    """The beginning only, or nothing, or the end doubled."""
    at = rng.randrange(len(data) + 1)
    return rng.choice([data[:at], data[at:], b"", data + data[at:]])


def encoded(data: bytes, rng: random.Random) -> bytes:
    """Another encoding, line ends of another system, a mark of byte order."""
    text = data.decode("utf-8", "replace")
    return rng.choice(
        [
            text.encode("utf-16"),
            b"\xef\xbb\xbf" + data,
            data.replace(b"\n", b"\r\n"),
            data.replace(b"\n", b"\r"),
            text.encode("latin-1", "replace") + b"\xe9",
            data.replace(b" ", b"\xa0"),
        ]
    )


MUTATIONS: list[Callable[[bytes, random.Random], bytes]] = [
    lines,
    lines,
    words,
    words,
    numbers,
    numbers,
    flipped,
    cut,
    encoded,
]


# --- what must come of it --------------------------------------------------------------------------------------------
def outcome(action: Callable[[], object], where: str) -> bool:
    """Whether it was accepted; a refusal names the file, and no other exception gets here."""
    try:
        action()
    except BitloomError as error:
        text = str(error)
        assert text
        assert "Traceback" not in text
        assert all(line.startswith((where, "--")) for line in text.splitlines()), text
        return False
    return True


def runs(program: Program) -> None:
    """The golden model agrees that the program is legal, and reads as many words as was said."""
    work = 1
    for one in program.instructions:
        assert one is not None
        work *= one["n"] if one.op.name == "LOOP" else 1
    if work > 2000:
        return
    taken = words_taken(program)
    if taken > 100_000:
        return
    machine = Machine(program.params)
    machine.footprint = Footprint(program.params)
    machine.send(np.zeros((taken, program.params.lanes), np.uint16))
    found = machine.run(program.words)
    assert not machine.inputs or found.fault
    if found.fault is not None:
        blamed = program.instructions[found.pc]
        assert blamed is not None
        assert "reg" in blamed.flags, (found, str(blamed))
    assert all(0 <= each.pc < len(program.words) and each.count for each in machine.footprint.strays)


@pytest.mark.parametrize("name", TEXTS)
def test_texts_as_they_are(name):
    runs(assemble(TEXTS[name]))


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("seed", range(40))
def test_texts(tmp_path, name, seed):
    print(f"seed {seed}")
    path = tmp_path / "a.pim"
    path.write_bytes(broken(TEXTS[name].encode(), random.Random(f"{name} {seed}")))
    found: list[Program] = []
    if outcome(lambda: found.append(assemble(read_text(path), str(path))), str(path)):
        runs(found[0])


@pytest.mark.parametrize("suffix", [".bin", ".hex"])
@pytest.mark.parametrize("seed", range(15))
def test_program_files(tmp_path, suffix, seed):
    print(f"seed {seed}")
    path = tmp_path / f"a{suffix}"
    save(assemble(LOOPS), path)
    path.write_bytes(broken(path.read_bytes(), random.Random(f"{suffix} {seed}")))
    outcome(lambda: load(path), str(path))


@pytest.mark.parametrize("seed", range(20))
def test_system_files(tmp_path, seed):
    print(f"seed {seed}")
    rng = random.Random(f"system {seed}")
    path = tmp_path / "a.json"
    path.write_bytes(broken(json.dumps(TINY.to_dict(), indent=1).encode(), rng))
    outcome(lambda: pim.system_of(str(path)), str(path))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"rows": ' * 100_000,
        '{"rows": 1e999}',
        '{"timing": null}',
        "null",
        '{"energy": {"mac": 1' + "0" * 400 + "}}",
        '{"rows": NaN}',
        '{"rows": true}',
    ],
)
def test_systems_without_end(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    assert not outcome(lambda: pim.system_of(str(path)), str(path))


def npy(rng: random.Random) -> bytes:
    """A NumPy file of some type and shape, mostly one that nobody wants."""
    shape = rng.choice([(9, 4), (36,), (32, 5), (64, 128), (2, 4, 8, 4), (4, 2, 8, 4), (0, 4), (), (3,), (1, 9, 4)])
    kind = rng.choice(["<f4", "<f8", "<f2", ">f4", "<u2", ">u2", "<i8", "|b1", "<c8", "|S3", "<U2"])
    values = np.zeros(shape, kind)
    if values.size and values.dtype.kind == "f":
        values.flat[0] = rng.choice([np.nan, np.inf, 1.0, 60000.0])
    file = io.BytesIO()
    np.save(file, values)
    data = file.getvalue()
    return data if rng.random() < 0.5 else rng.choice([header, flipped, cut])(data, rng)


def header(data: bytes, rng: random.Random) -> bytes:
    """Another header in front of the same numbers."""
    old = data[10 : 10 + data[8] + 256 * data[9]]
    new = rng.choice(
        [
            b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 4), }",
            b"{}",
            b"not python (",
            b"[" * 9000,
            b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4), }",
            b"{'descr': '|O', 'fortran_order': False, 'shape': (9, 4), }",
            b"{'descr': [('a', '<f4')], 'fortran_order': True, 'shape': (9,), }",
            old.replace(b"4", b"5"),
            old[:20],
        ]
    )
    return data[:8] + len(new).to_bytes(2, "little") + new + data[10 + len(old) :]


@pytest.mark.parametrize("seed", range(60))
def test_streams(tmp_path, seed):
    """As ``--input``, ``--sram`` and ``--memory``: in the shape that is asked for, or refused."""
    print(f"seed {seed}")
    rng = random.Random(f"stream {seed}")
    path = tmp_path / "a.npy"
    path.write_bytes(npy(rng))
    found: list[np.ndarray] = []
    if outcome(lambda: found.append(read_words(path, 4)), str(path)):
        assert found[0].dtype == np.uint16
        assert found[0].shape[1:] == (4,)
    outcome(lambda: read_array(path), str(path))
    options = Namespace(memory=str(path), input=None, sram=None, scalar=None, unchecked=False, program="p")
    machine = Machine(TINY)
    machine.footprint = Footprint(TINY)
    outcome(lambda: pim_run._fill(options, assemble("halt", system=TINY), machine, TINY.rows), str(path))


@pytest.mark.parametrize("seed", range(15))
def test_hex_streams(tmp_path, seed):
    print(f"seed {seed}")
    path = tmp_path / "a.hex"
    path.write_bytes(broken((ROOT / "configs" / "attention.hex").read_bytes(), random.Random(f"hex {seed}")))
    found: list[np.ndarray] = []
    if outcome(lambda: found.append(read_words(path, 4)), str(path)):
        assert found[0].shape[1:] == (4,)


def test_paths_that_are_none(bitloom, here):
    """A folder, the root, what can't be read, nothing in it: as text, program, system, input and output."""
    (here / "empty.pim").write_bytes(b"")
    (here / "binary.pim").write_bytes(bytes(range(256)))
    (here / "fine.pim").write_text(".system tiny\nhalt\n")
    (here / "secret.pim").write_text(".system tiny\nhalt\n")
    (here / "secret.pim").chmod(0)
    long = "n" * 5000
    for name, message in {
        ".": "can't be read: Is a directory",
        "/": "can't be read: Is a directory",
        "..": "can't be read: Is a directory",
        "": "must name a file or a folder, not be empty",
        long: "can't be read: File name too long",
        "none/none.pim": "can't be read: No such file or directory",
        "fine.pim/x": "can't be read: Not a directory",
        "binary.pim": "is not UTF-8 text (byte 128)",
        "empty.pim": "1:1: which system is this for?",
        "/dev/null": "1:1: which system is this for?",
    }.items():
        for verb in ("asm", "run"):
            result = bitloom("pim", verb, name)
            assert (result.status, result.out) == (2, ""), name
            assert message in result.err, name
        assert bitloom("pim", "disasm", name).status == 2
        for option in ("--system", "--input", "--sram", "--memory", "--output", "--dump-sram"):
            result = bitloom("pim", "run", "fine.pim", option, name)
            assert (result.status, result.out) == (2, ""), (option, name)
        result = bitloom("pim", "asm", "fine.pim", "-o", name)
        assert (result.status, result.out) == (2, ""), name
    assert sorted(path.name for path in here.iterdir()) == [
        "binary.pim",
        "empty.pim",
        "fine.pim",
        "secret.pim",
        "small.toml",
    ]


class FullDisk(io.FileIO):
    """A file that has room for half of what it is given."""

    def writelines(self, parts):
        data = b"".join(parts)
        self.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_loses_nothing(bitloom, here, monkeypatch):
    """The older program and older words stay as they are, and nothing is left beside them."""
    (here / "a.pim").write_text(".system tiny\nhalt\n")
    assert bitloom("pim", "asm", "a.pim").status == 0
    write_words(here / "a.npy", np.ones((2, 4), np.uint16))
    before = {path.name: path.read_bytes() for path in here.iterdir()}
    usual = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, mode="r", **more: FullDisk(self, "w") if mode == "wb" else usual(self, mode, **more)
    )
    (here / "a.pim").write_text(".system tiny\nnop\nhalt\n")
    before["a.pim"] = (here / "a.pim").read_bytes()
    result = bitloom("pim", "asm", "a.pim")
    assert (result.status, result.out) == (2, "")
    assert result.err == "bitloom: a.bin: can't be written: No space left on device\n"
    for name in ("a.npy", "b.hex"):
        with pytest.raises(ConfigError, match="can't be written: No space left on device"):
            write_words(here / name, np.zeros((2, 4), np.uint16))
    assert {path.name: path.read_bytes() for path in here.iterdir()} == before


def test_the_system_is_what_programs_are_made_for():
    assert assemble(LOOPS).params == PimParams.from_dict(
        TINY.to_dict() | {"gb_words": 4, "timing": vars(TINY.timing) | {"trp": 7, "trc": 21}}
    )
