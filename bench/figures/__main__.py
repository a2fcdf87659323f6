"""Measure the figures of README and docs, and write them into the pages.

Without a verb: both. ``measure`` keeps what was measured with the same sources and tools, and goes on where it was
interrupted; ``write`` takes the committed results alone; ``list`` says what is out of date. With nothing kept, it takes
about half an hour on two cores; groups that take many hours are measured only where they are named.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from bench.figures import aim, demo, encoders, energy, engines, floats, laconic, layout, mapping, pim, scripts, sparse
from bench.figures.comparison.group import EFFORT, comparison
from bench.figures.pages import PAGES, rewritten
from bench.figures.store import Group, save
from hdl.params import BitloomError
from synth_scripts.module.styles import EFFORTS

#: The longest first.
_SMALL = (energy.GROUP, layout.GROUP, encoders.GROUP, floats.GROUP, scripts.GROUP, aim.GROUP)
_GROUPS = (demo.GROUP, mapping.GROUP, sparse.GROUP, engines.GROUP, laconic.GROUP, *pim.GROUPS, *_SMALL)
GROUPS = {group.name: group for group in (*_GROUPS, comparison())}


def measure(groups: list[Group], jobs: int, again: bool) -> bool:
    """Measure what is out of date, several items at a time; every result is kept at once.

    An item that fails is reported, and ends nothing; whether there was none.
    """
    start, good = time.perf_counter(), True
    waiting = [(group, item) for group in groups for item in (group.items if again else group.stale())]
    with ProcessPoolExecutor(jobs) as pool:
        running = {pool.submit(group.measure, item): (group, item) for group, item in waiting}
        try:
            for count, future in enumerate(as_completed(running), 1):
                group, item = running[future]
                try:
                    entry = future.result()
                except BitloomError as error:
                    good = False
                    print(f"{count}/{len(waiting)}  {group.name}: {item}: {error}", file=sys.stderr, flush=True)
                    continue
                save(group, {item: entry})
                took, spent = entry["seconds"], time.perf_counter() - start
                print(f"{count}/{len(waiting)}  {group.name}: {item}, {took:.0f} s ({spent:.0f} s so far)", flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)  # what is kept is kept; the rest waits for the next time
            raise
    return good


def write() -> None:
    """Bring every page up to date."""
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        text = rewritten(page)
        if text != page:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.name}")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bench.figures", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", nargs="?", choices=("all", "measure", "write", "list"), default="all")
    parser.add_argument("--only", nargs="+", choices=sorted(GROUPS), metavar="GROUP", help=", ".join(sorted(GROUPS)))
    parser.add_argument("--again", action="store_true", help="measure what is up to date, too")
    parser.add_argument("--jobs", type=int, default=2, help="items at a time (default: 2)")
    parser.add_argument("--effort", choices=EFFORTS, default=EFFORT, help="of the group `comparison`")
    options = parser.parse_args()
    known = {**GROUPS, "comparison": comparison(options.effort)}
    groups = [group for name, group in known.items() if name in (options.only or known)]
    if options.verb == "list":
        for group in groups:
            print(f"{group.name}: {', '.join(group.stale()) or 'up to date'}")
    good = True
    if options.verb in ("all", "measure"):
        good = measure([group for group in groups if options.only or not group.grows], options.jobs, options.again)
    if options.verb in ("all", "write"):
        write()
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BitloomError as error:
        sys.exit(f"error: {error}")
