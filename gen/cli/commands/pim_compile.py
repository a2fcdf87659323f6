"""``bitloom pim compile``: a model as people have it becomes a placement, programs and an image of the banks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gen.cli.console import Console, table
from gen.pim.named import changed_system, model_of, system_of
from hdl.params import ConfigError, Problem

if TYPE_CHECKING:
    from gen.output import Output
    from gen.pim.compile import Compiled
    from gen.pim.elements import Elements

__all__ = ["command"]

#: The report, and the folders of programs and of the banks' image.
REPORT, PROGRAMS, MEMORY = "pim-compile.json", "programs", "memory"
#: Bytes of the largest image that is written.
LARGEST = 1 << 28


def command(options: argparse.Namespace, console: Console) -> int:
    """Print what a model takes of a system; write programs, and the banks' image where there are weights."""
    from gen.output import open_output
    from gen.pim.compile import compile_decoder
    from gen.pim.compile.report import report

    params = changed_system(system_of(options.system), options.overrides)
    decoder = model_of(options.model)
    try:
        compiled = compile_decoder(
            decoder,
            params,
            options.tokens,
            options.layout,
            options.batch,
            options.weights,
            options.caches,
            overlap=options.overlap,
        )
        found = {"model": options.model, **report(compiled)}
        positions = _positions(options.positions, compiled.placement.tokens)
    except ConfigError as error:
        raise ConfigError(error.problems, options.model) from None
    lines = [_text(found)]
    if options.output is not None:
        # Weights that are refused leave no folder behind.
        image = _image(Path(options.model), compiled)
        with open_output(options.output, force=options.force) as output:
            output.write_json(REPORT, found)
            with console.doing("write programs"):
                count = _write_programs(compiled, positions, output)
            lines.append(f"programs  {output / PROGRAMS}, {count} files of {len(positions)} positions")
            lines.append(f"memory    {_write_memory(image, output)}")
    console.say("\n".join(lines))
    console.json(found)
    return 0


def _positions(text: str | None, tokens: int) -> range:
    """The positions that are written: all by default, one, or a range."""
    if text is None:
        return range(tokens)
    first, dash, last = text.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise ConfigError([Problem("--positions", f"must be N or N-M, not {text!r}")])
    found = range(int(first), int(last if dash else first) + 1)
    if not found or found[-1] >= tokens:
        raise ConfigError([Problem("--positions", f"must lie between 0 and {tokens - 1}, not {text!r}")])
    return found


def _image(model: Path, compiled: Compiled) -> Elements | str:
    """What the banks hold before the first token; or in words why that isn't written."""
    from gen.pim.model.weights import Checkpoint, other_files

    folder = model if model.is_dir() else model.parent
    files = [*folder.glob("*.safetensors"), *folder.glob("*.safetensors.index.json")]
    if not model.exists() or not files:  # a published model, by its name; or a configuration alone
        others = other_files(folder) if model.exists() else ""
        return "there is no safetensors file beside the configuration" + (f", and {others}" if others else "")
    weights = Checkpoint(folder, compiled.decoder)
    if compiled.image_bytes > LARGEST:
        size = f"its {compiled.image_bytes / 1e6:,.0f} MB are more than the {LARGEST / 1e6:,.0f} MB of the largest"
        return f"{size} image that is written (gen.pim.compile has it in parts)"
    return compiled.image(weights)


def _write_programs(compiled: Compiled, positions: range, output: Output) -> int:
    """Each position's programs, as texts and as what the host loads."""
    from gen.pim.disassemble import disassemble
    from gen.pim.files import write_whole
    from gen.pim.program import save

    folder, names = output.workdir(PROGRAMS), []
    for position in positions:
        programs = compiled.programs(position)
        for index, program in enumerate(programs):
            name = f"position-{position:05d}" + (f"-{index}" if len(programs) > 1 else "")
            save(program, folder / f"{name}.bin")
            write_whole(folder / f"{name}.pim", disassemble(program).encode())
            names += [f"{name}.bin", f"{name}.pim"]
    for old in folder.glob("position-*"):
        if old.name not in names:
            old.unlink()
    return len(names)


def _write_memory(image: Elements | str, output: Output) -> str:
    """The image of the banks, or in words why there is none."""
    from gen.pim.files import write_words

    folder = output.workdir(MEMORY)
    target = folder / "memory.npy"
    target.unlink(missing_ok=True)
    if isinstance(image, str):
        return f"not written: {image}"
    write_words(target, image)
    return str(target)


def _text(found: dict[str, Any]) -> str:
    rows, sram, programs = found["rows"], found["sram"], found["programs"]
    head = ["", "inputs", "outputs", "times", "slots", "pitch", "rows", "units used", "columns used"]
    lines = [
        f"{found['family']}, {found['parameters']:,} parameters, {found['layers']} layers, {found['tokens']:,} tokens"
        + (f", {found['batch']} sequences" if found["batch"] > 1 else "")
        + (f", {found['weights']} weights" if found["weights"] != "bf16" else "")
        + (f", {found['caches']} caches" if found["caches"] != "bf16" else ""),
        f"rows      {rows['used']:,} of {rows['of']:,} ({rows['used'] / rows['of']:.1%}): {rows['weights']:,} of "
        f"weights, {rows['caches']:,} of caches; {rows['layer']} a layer",
        table([head, *(_matrix(each) for each in found["matrices"])], "  "),
        f"SRAM      {sram['used']:,} of {sram['of']:,} words; scores in "
        f"{_times(sram['head_passes'], 'pass', 'passes')}, logits in {_times(sram['logit_pieces'], 'piece', 'pieces')}",
        table([[each["name"], f"{each['first']:,}", f"{each['words']:,}"] for each in sram["regions"]], "  "),
    ]
    for position, each in programs.items():
        lines.append(
            f"position {position}: {each['instructions']:,} instructions in "
            f"{_times(each['programs'], 'program', 'programs')}, {each['executed']:,} executed"
        )
    return "\n".join(lines)


def _times(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _matrix(each: dict[str, Any]) -> list[str]:
    used = each["utilisation"]
    return [
        each["name"],
        *(f"{each[key]:,}" for key in ("inputs", "outputs", "count", "slots")),
        f"{each['pitch']}" if each["pitch"] else "dense",
        f"{each['rows']:,.1f}",
        f"{used['units']:.1%}",
        f"{used['columns']:.1%}",
    ]
