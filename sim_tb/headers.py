"""Verilator's headers, compiled once for many models: to read them takes as long as to compile a small model."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from contextlib import suppress
from pathlib import Path

from gen.cache import cache
from sim_tb.tools import versions

__all__ = ["Headers"]

#: The folder with them, beside what Verilator writes; what they are, and the compiled form, which compilers look for.
FOLDER, HEADER, COMPILED, SIZE = "headers", "all.h", "all.h.gch", "size"
TEXT = '#include "verilated.h"\n#include "verilated_dpi.h"\n'


class Headers:
    """The headers that every model begins with, for models which are compiled with the same flags.

    A compiler takes the compiled form only where it fits, and reads the headers themselves otherwise.

    Parameters
    ----------
    flags : str
        All that a model is compiled with.
    compiler : str
        The command.
    """

    def __init__(self, flags: str, compiler: str) -> None:
        program = shutil.which(compiler.split()[0])
        changed = os.stat(program).st_mtime_ns if program else 0
        parts = (flags, compiler, str(changed), versions()["verilator"], versions()["cocotb"], platform.machine(), TEXT)
        self.compiled_here = False
        self.key = hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:20]

    def rules(self, objects: Path) -> str:
        """What is added to Verilator's makefile; the folder is that in which it runs.

        The file that holds the model begins with the headers. The second model compiles them, for itself and all that
        follow: for a single one it would not pay. The compiler's own cache has no part in this, as it would have to
        look at them each time.
        """
        folder, all_of_it = objects / FOLDER, "$(VM_PREFIX)__ALL.o"
        kept = self._kept()
        if kept is None and not cache().read("headers", self.key):
            cache().write("headers", self.key, True)
            return ""
        rules = f"{all_of_it}: private CPPFLAGS += -include {FOLDER}/{HEADER}\n{all_of_it}: private OBJCACHE =\n"
        folder.mkdir()
        (folder / HEADER).write_text(TEXT, encoding="ascii")
        if kept is not None:
            try:  # it stays, whatever another process does to the cache
                (folder / COMPILED).hardlink_to(kept)
            except OSError:
                (folder / COMPILED).symlink_to(kept)
            return rules
        self.compiled_here = True
        compiled = f"{FOLDER}/{COMPILED}"
        command = f"$(CXX) $(OPT_FAST) $(CXXFLAGS) $(CPPFLAGS) -x c++-header {FOLDER}/{HEADER} -o $@"
        return f"{rules}{all_of_it}: {compiled}\n{compiled}:\n\t{command}\n"

    def keep(self, objects: Path) -> None:
        """Keep them, if they were compiled here."""
        if not self.compiled_here or self._kept() is not None:
            return
        folder = objects / FOLDER
        (folder / SIZE).write_text(str((folder / COMPILED).stat().st_size), encoding="ascii")
        with suppress(OSError):  # no room: the next model compiles them again
            cache().write_folder("headers", self.key, folder)

    def _kept(self) -> Path | None:
        """The compiled headers, if they are in the cache."""
        folder = cache().find_folder("headers", self.key, _whole, "no compiled headers")
        return (folder / COMPILED).resolve() if folder else None


def _whole(folder: Path) -> bool:
    return int((folder / SIZE).read_text(encoding="ascii")) == (folder / COMPILED).stat().st_size
