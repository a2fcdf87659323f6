"""From a configuration to the generated files in an output folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gen.config import Config
from gen.emit.filelist import filelist
from gen.emit.manifest import generator_hash, hardware_tools, manifest
from gen.emit.script import script
from gen.emit.sdc import sdc
from gen.output import Output
from gen.stderr import warn
from gen.version import VERSION
from hdl.params import EngineParams
from hdl.params.fronts import front_of
from hdl.params.port import Port

if TYPE_CHECKING:
    from gen.emit.verilog import Emission

__all__ = ["generate", "stored"]

MANIFEST = "manifest.json"
#: What later steps derive from the generated files; stale as soon as those change.
DERIVED = ("sim.json", "synth.json", "layout.json", "report.html")


def generate(config: Config, output: Output) -> dict[str, Any]:
    """Write ``<top>.v``, ``<top>.sdc``, ``<top>.f``, ``<top>.ys`` and ``manifest.json``.

    Files that are already there for the same configuration and versions are kept. Otherwise results of later steps
    are removed with the files they came from, which is said; those of another configuration only by force. The manifest
    is written last: where it is, the rest is complete.

    Parameters
    ----------
    config : Config
    output : Output

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    ConfigError
        If a file would be overwritten that is not Bitloom's or was changed since, or results of another configuration
        would be lost.
    """
    current = output.read_json(MANIFEST)
    if current is not None and _is_current(current, config, output):
        return current

    top = f"{config.output.prefix}_{'engine' if config.front is None else config.front.module}"
    files = {"verilog": f"{top}.v", "sdc": f"{top}.sdc", "filelist": f"{top}.f", "yosys": f"{top}.ys"}
    old = [] if current is None else [name for name in current["files"].values() if name not in files.values()]
    output.claim([*files.values(), *old, *DERIVED, MANIFEST])
    if current is None or current.get("config_hash") != config.hash:
        output.protect(DERIVED)
    from gen.emit.verilog import emit  # Amaranth: half a second to import

    emission = emit(config.design, config.output.prefix)
    assert emission.top == top, emission.top
    content = manifest(config, emission, files)

    if lost := output.present(DERIVED):
        warn(f"{output.path}: {', '.join(lost)} came from other files than those that are generated now: removed")
    output.remove(*DERIVED, MANIFEST, *old)  # the manifest after the results: it tells whose they are
    output.write(files["verilog"], emission.text)
    output.write(files["sdc"], sdc(config, emission))
    output.write(files["filelist"], filelist(top, files["verilog"]))
    output.write(files["yosys"], script(config, emission, files["verilog"]))
    output.write_json(MANIFEST, content)
    return content


def stored(output: Output, manifest: dict[str, Any]) -> Emission:
    """The engine as it lies in the output folder, so that later steps work on that very file."""
    from gen.emit.verilog import Emission

    text = (output / manifest["files"]["verilog"]).read_text(encoding="utf-8")
    ports = [Port(**port) for port in manifest["ports"]]
    parts = manifest["modules"], manifest["core"], manifest["roles"]
    front = front_of(EngineParams.from_dict(manifest["config"]["engine"]), manifest["config"])
    return Emission(manifest["top"], manifest["prefix"], text, ports, *parts, manifest["latency"], front)


def _is_current(content: dict[str, Any], config: Config, output: Output) -> bool:
    """Whether a manifest, and the files it names, are what this configuration would give."""
    return (
        content.get("config_hash") == config.hash
        and content.get("bitloom_version") == VERSION
        and content.get("generator_hash") == generator_hash()
        and content.get("tools") == hardware_tools()
        and all(output.intact(name) for name in content["files"].values())
    )
