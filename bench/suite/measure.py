"""Paired runs and what is made of them. A figure is a median with its spread; a comparison is a median of paired ratios."""

import dataclasses
import statistics
import sys

from suite.programs import Absent, Failed


@dataclasses.dataclass
class Result:
    """One row of the report. {reference} is None where a figure stands against a fixed target."""

    line: str
    name: str
    unit: str
    target: str = ""
    sampo: list = dataclasses.field(default_factory=list)
    reference: str | None = None
    other: list = dataclasses.field(default_factory=list)
    ratios: list = dataclasses.field(default_factory=list)
    met: bool | None = None
    note: str = ""

    def median(self):
        """The ratio where there is one, otherwise the figure; None where nothing was measured."""
        values = self.ratios or self.sampo
        return statistics.median(values) if values else None


def _say(result, pair, pairs):
    figures = f"{result.sampo[-1]:.5g} {result.unit}"
    if result.ratios:
        figures += f", {result.reference} {result.other[-1]:.5g}, ratio {result.ratios[-1]:.3f}"
    print(f"bench: {result.line}, {result.name}, {pair + 1}/{pairs}: {figures}", file=sys.stderr, flush=True)


def _twice(rate):
    """A peer may crash now and then, as PyTorch does at its exit; Sampo may not."""
    try:
        return rate()
    except Failed as failed:
        print(f"bench: once more, for {failed}", file=sys.stderr, flush=True)
        return rate()


def compared(line, name, unit, pairs, sampo, reference, other, at_least=None, note=""):
    """Runs sampo(), other(), sampo(), other()…; both give a rate. What can't run is told in the row, not left out."""
    result = Result(line, name, unit, reference=reference, note=note)
    result.target = "" if at_least is None else f"≥ {at_least:g} ×"
    for pair in range(pairs):
        try:
            result.sampo.append(sampo())
            if result.reference is not None:
                result.other.append(_twice(other))
                result.ratios.append(result.sampo[-1] / result.other[-1])
        except Absent as absent:
            result.note, result.reference = f"absent: {reference}: {absent}", None
        except Failed as failed:
            result.note = f"failed: {failed}"
            return result
        _say(result, pair, pairs)
    if at_least is not None and result.ratios:
        result.met = result.median() >= at_least
    return result


def figure(line, name, unit, runs, sampo, at_most=None, at_least=None, note=""):
    """A figure of Sampo's own against a fixed target."""
    result = Result(line, name, unit, note=note)
    result.target = f"≤ {at_most:g}" if at_most is not None else f"≥ {at_least:g}" if at_least is not None else ""
    for turn in range(runs):
        try:
            result.sampo.append(sampo())
        except (Absent, Failed) as failed:
            result.note = f"failed: {failed}"
            return result
        _say(result, turn, runs)
    if at_most is not None:
        result.met = result.median() <= at_most
    elif at_least is not None:
        result.met = result.median() >= at_least
    return result
