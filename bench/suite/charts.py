"""Draws a folder's results.json as ratios.svg/png and, for every line with rates, LINE.svg/png. Run by the peers' Python."""

import json
import pathlib
import statistics
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

OURS, OTHERS, GOOD, BAD, PLAIN = "#1f5f8b", "#b8b8b8", "#2e8b57", "#c0392b", "#1f5f8b"
plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
# The same results give the same file.
plt.rcParams["svg.hashsalt"] = "sampo"


def save(figure, folder, name):
    figure.tight_layout()
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    figure.savefig(folder / f"{name}.png", dpi=150)
    plt.close(figure)


def ratios(folder, results):
    """Every comparison: the median ratio with its spread, the peer at 1, the target as a mark."""
    rows = [result for result in results if result["ratios"]]
    if not rows:
        return
    figure, axes = plt.subplots(figsize=(9, 0.9 + 0.34 * len(rows)))
    for at, result in enumerate(reversed(rows)):
        middle = statistics.median(result["ratios"])
        colour = {True: GOOD, False: BAD, None: PLAIN}[result["met"]]
        axes.barh(at, middle, color=colour, height=0.6)
        axes.plot([min(result["ratios"]), max(result["ratios"])], [at, at], color="black", linewidth=1)
        if result["target"]:
            goal = float(result["target"].strip("≥≤ ×"))
            axes.plot([goal, goal], [at - 0.38, at + 0.38], color="black", linewidth=2)
        axes.text(max(result["ratios"]) * 1.06, at, f"{middle:.2f} ×", va="center", fontsize=8)
    axes.axvline(1, color="grey", linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(rows)), [f"{r['line']}: {r['name']}\n/ {r['reference']}" for r in reversed(rows)], fontsize=7)
    axes.set_xscale("log")
    axes.set_xlabel("Sampo to its peer, median of paired runs; the line is the spread, the mark the target")
    axes.margins(x=0.18)
    save(figure, folder, "ratios")


def rates(folder, line, results):
    """A line's rates side by side."""
    rows = [result for result in results if result["line"] == line and result["ratios"]]
    if not rows:
        return
    figure, axes = plt.subplots(figsize=(8, 1 + 0.6 * len(rows)))
    for at, result in enumerate(reversed(rows)):
        for shift, values, colour in ((0.19, result["sampo"], OURS), (-0.19, result["other"], OTHERS)):
            axes.barh(at + shift, statistics.median(values), height=0.36, color=colour)
            axes.plot([min(values), max(values)], [at + shift] * 2, color="black", linewidth=1)
    axes.set_yticks(range(len(rows)), [f"{r['name']}\n{r['reference']}" for r in reversed(rows)], fontsize=7)
    medians = [statistics.median(values) for result in rows for values in (result["sampo"], result["other"])]
    if max(medians) > 100 * min(medians):
        # Otherwise the lowest can't be seen.
        axes.set_xscale("log")
    axes.set_xlabel(rows[0]["unit"])
    axes.xaxis.set_major_formatter(matplotlib.ticker.EngFormatter())
    axes.set_title(f"{line}: Sampo (blue) and its peers (grey)", loc="left", fontsize=10)
    save(figure, folder, line)


def main():
    folder = pathlib.Path(sys.argv[1])
    results = json.loads((folder / "results.json").read_text())["results"]
    ratios(folder, results)
    for line in dict.fromkeys(result["line"] for result in results):
        rates(folder, line, results)


main()
