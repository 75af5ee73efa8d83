"""What the figures were measured on, and with which versions."""

import os
import pathlib
import platform
import re
import subprocess

from suite.programs import ROOT, VENV


def _said(*command):
    """The first line that a command prints, or why there is none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    except OSError as e:
        return f"none ({e.strerror})"
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if done.returncode == 0 and lines else "none"


def _processor():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor(), []
    model = re.search(r"model name\s*: (.*)", text)
    flags = re.search(r"flags\s*: (.*)", text)
    known = ("avx2", "avx512f", "fma", "amx_tile")
    return model.group(1) if model else platform.machine(), [f for f in known if flags and f in flags.group(1).split()]


def describe():
    model, vectors = _processor()
    python = VENV / "bin" / "python"
    versions = {"java": _said("java", "--version"), "python": platform.python_version()}
    for name, module in (("torch", "torch"), ("scikit-learn", "sklearn"), ("numpy", "numpy")):
        versions[name] = _said(python, "-c", f"import {module}; print({module}.__version__)")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "vectors": vectors,
        "memoryGiB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "commit": _said("git", "describe", "--always", "--dirty"),
        "versions": versions,
        # Others' work on the same cores is the largest error there is, so it stands in the report.
        "loadBefore": list(os.getloadavg()),
    }


def host_class(machine):
    """Names machines whose figures compare: architecture, widest vectors, cores."""
    widest = "avx512" if "avx512f" in machine["vectors"] else "avx2" if "avx2" in machine["vectors"] else "plain"
    return f"{platform.machine()}-{widest}-{machine['cores']}c"
