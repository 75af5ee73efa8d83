"""Writes results as JSON, as a Markdown table, and has the charts drawn."""

import dataclasses
import json
import statistics
import subprocess

from suite.programs import BENCH, VENV


def _number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _spread(values):
    if not values:
        return "–"
    middle = _number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({_number(min(values))} … {_number(max(values))})"


def _row(result):
    met = {True: "yes", False: "no", None: ""}[result["met"]]
    ratio = _spread(result["ratios"]) if result["ratios"] else ("" if result["reference"] is None else "–")
    other = f"{result['reference']}: {_spread(result['other'])}" if result["reference"] else ""
    cells = [
        result["line"], result["name"], f"{_spread(result['sampo'])} {result['unit']}", other, ratio,
        result["target"], met, result["note"].replace("|", "/").replace("\n", " ")[:400],
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def write(folder, machine, results, commands, settings):
    """Everything so far; called after each result, so that what was measured is never lost."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [dataclasses.asdict(result) for result in results]
    whole = {"machine": machine, "settings": settings, "results": rows, "commands": commands}
    (folder / "results.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    load = ", ".join(f"{each:.2f}" for each in machine["loadBefore"])
    lines = [
        f"# Measured {settings['date']}",
        "",
        f"{machine['processor']}, {machine['cores']} cores ({', '.join(machine['vectors'])}), {machine['memoryGiB']} GiB,"
        f" {machine['system']}; {versions}; commit {machine['commit']}; load average before: {load}.",
        "",
        f"{settings['pairs']} paired runs each, seed {settings['seed']}"
        + (", **quick: a check that everything works, not a measurement**." if settings["quick"] else "."),
        "Figures are medians (lowest … highest); a ratio is the median of the ratios of runs that followed each other.",
        "",
        "| line | what | Sampo | beside | ratio | target | met | note |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *map(_row, rows),
        "",
        *(["![ratios](ratios.svg)", ""] if any(row["ratios"] for row in rows) else []),
        "## Commands",
        "",
        "```",
        *commands,
        "```",
    ]
    (folder / "README.md").write_text("\n".join(lines) + "\n")


def draw(folder):
    """PNG and SVG by matplotlib of the peers' Python; says why not if it can't."""
    python = VENV / "bin" / "python"
    done = subprocess.run([python, BENCH / "suite" / "charts.py", folder], capture_output=True, text=True)
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1]
