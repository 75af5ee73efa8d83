"""The command line of bench/run."""

import argparse
import datetime
import pathlib
import sys

from suite import data, lines, machine, measure, programs, report


def main():
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description="Measures Sampo end to end beside its peers and writes a table, JSON and charts.",
        epilog="lines: "
        + "; ".join(f"{name}: {each.__doc__.splitlines()[0]}" for name, each in lines.ALL.items())
        + " Without a name all are measured. A peer that can't be installed is reported as absent.",
    )
    parser.add_argument("line", nargs="*", help="of " + ", ".join(lines.ALL))
    parser.add_argument("--quick", action="store_true", help="one pair on small data: does everything work?")
    parser.add_argument("--pairs", type=int, help="paired runs of each comparison (default: 5, quick: 1)")
    parser.add_argument("--out", type=pathlib.Path, help="folder of the results (default: bench/results/DATE-MACHINE)")
    options = parser.parse_args()
    unknown = [line for line in options.line if line not in lines.ALL]
    if unknown or (options.pairs is not None and options.pairs < 1):
        parser.error(f"no such line: {unknown[0]}" if unknown else f"--pairs must be ≥ 1, was {options.pairs}")

    for package, reason in programs.make_venv().items():
        print(f"bench: {package} is absent: {reason}", file=sys.stderr)
    size = lines.Size(options.quick, options.pairs)
    described = machine.describe()
    date = datetime.date.today().isoformat()
    default = programs.BENCH / "results" / f"{date}-{machine.host_class(described)}{'-quick' * options.quick}"
    folder = (options.out or default).resolve()
    settings = {"date": date, "quick": options.quick, "pairs": size.pairs, "seed": data.SEED}
    # Both launchers build what they need now, not inside the first measurement.
    programs.run(["./sampo", "--version"])
    programs.run(["bench/jmh", "-l"])
    programs.commands.clear()

    results = []
    for name in options.line or lines.ALL:
        try:
            for result in lines.ALL[name](size):
                results.append(result)
                report.write(folder, described, results, programs.commands, settings)
        except (programs.Absent, programs.Failed) as failed:
            # A line whose surroundings do not come up; the others are still worth having.
            results.append(measure.Result(name, "the whole line", "", note=f"failed: {failed}"))
            report.write(folder, described, results, programs.commands, settings)
            print(f"bench: {name}: {failed}", file=sys.stderr)
    reason = report.draw(folder)
    if reason:
        print(f"bench: no charts: {reason}", file=sys.stderr)
    print(folder / "README.md")
    return 1 if any(result.note.startswith("failed") for result in results) else 0
