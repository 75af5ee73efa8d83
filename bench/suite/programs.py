"""Starts what is measured: Sampo's own command line, the limits of bench/jmh, and the peers. Nothing here judges a figure."""

import contextlib
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BENCH = pathlib.Path(__file__).resolve().parents[1]
ROOT = BENCH.parent
WORK = BENCH / ".work"
VENV = BENCH / ".venv"
PACKAGES = ["numpy", "scipy", "scikit-learn", "matplotlib"]
PROGRAM_SECONDS_MAX = 1800

# One thread a lane or process for everybody. The portable class is AVX2 for everybody too.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PORTABLE = {
    "OPENBLAS_CORETYPE": "Haswell",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
}


class Absent(Exception):
    """A peer that is not here; the message says why."""


class Failed(Exception):
    """A program that ran and did not end well."""


commands = []
"""Every command that ran, as a person would type it, for the report."""


def _shown(command, environment):
    named = [f"{key}={value}" for key, value in environment.items()]
    text = shlex.join(named + [str(part) for part in command])
    return text.replace(str(ROOT) + "/", "").replace(str(ROOT), ".")


def _environment(added):
    # What the caller's shell pins must not pin the measured programs.
    kept = {key: value for key, value in os.environ.items() if key not in {**ONE_THREAD, **PORTABLE}}
    return {**kept, **added}


def run(command, environment=None):
    """Runs to the end; gives (stdout, seconds)."""
    environment = environment or {}
    shown = _shown(command, environment)
    if shown not in commands:
        commands.append(shown)
    began = time.monotonic()
    try:
        done = subprocess.run(
            [str(part) for part in command],
            env=_environment(environment),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PROGRAM_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{shown}: not done after {PROGRAM_SECONDS_MAX} s") from None
    if done.returncode != 0:
        raise Failed(f"{shown}: exit code {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout, time.monotonic() - began


def last_json(text):
    """The last line of a program's output that is an object: before it may come what a library prints."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    raise Failed(f"no JSON in {text[-500:]!r}")


@contextlib.contextmanager
def started(command, ready, environment=None, stream="stderr", within=120):
    """A program in the background; gives (process, the line that has {ready}, seconds until it). Stopped at the end."""
    environment = environment or {}
    shown = _shown(command, environment)
    if shown not in commands:
        commands.append(shown)
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile("w+", dir=WORK) as out:
        began = time.monotonic()
        # A session of its own, so that the launcher and what it started end together.
        process = subprocess.Popen(
            [str(part) for part in command],
            env=_environment(environment),
            cwd=ROOT,
            stdout=out if stream == "stdout" else subprocess.DEVNULL,
            stderr=out if stream == "stderr" else subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            line = _wait_for(process, out, ready, began + within, shown)
            yield process, line, time.monotonic() - began
        finally:
            _stop(process)


def _wait_for(process, out, ready, deadline, shown):
    while True:
        ended = process.poll()
        # The child has the same file description, so reading must not move its position.
        text = os.pread(out.fileno(), 1 << 20, 0).decode(errors="replace")
        for line in text.splitlines(keepends=True):
            if ready in line and line.endswith("\n"):
                return line.strip()
        if ended is not None or time.monotonic() > deadline:
            raise Failed(f"{shown}: not ready (exit code {ended}): {text[-2000:]}")
        time.sleep(0.005)


def _stop(process):
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- Sampo ----


def spec_file(spec):
    """The job spec (a dict) as a file that the command line takes."""
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"{spec['name']}.json"
    path.write_text(json.dumps(spec, indent=1))
    return path


def _ended(text):
    view = last_json(text)
    if view["state"] != "done":
        raise Failed(f"job {view['job']} is {view['state']}: {view.get('reason')}")
    return view


def train(spec, workers, numerics="portable", java_options=""):
    """`sampo train` in one process; the job's last status."""
    home = WORK / "home"
    shutil.rmtree(home, ignore_errors=True)
    command = ["./sampo", "--numerics", numerics, "train", spec_file(spec), "--json", "--workers", workers, "--home", home]
    text, _ = run(command, {"SAMPO_JAVA_OPTS": java_options} if java_options else {})
    return _ended(text)


class Cluster:
    """Nodes as separate processes, one for each entry of {nodes}: its roles."""

    def __init__(self, nodes):
        self.nodes = nodes

    def __enter__(self):
        self.home = WORK / "cluster"
        shutil.rmtree(self.home, ignore_errors=True)
        self.ports = [free_port() for _ in self.nodes]
        self.address = f"127.0.0.1:{self.ports[0]}"
        self.stack = contextlib.ExitStack()
        with self.stack:
            for roles, port in zip(self.nodes, self.ports):
                self.start(roles, port)
            self.stack = self.stack.pop_all()
        return self

    def start(self, roles, port):
        """One more node; gives the seconds until it was up."""
        command = ["./sampo", "node", "--roles", roles, "--port", port, "--home", self.home]
        if port != self.ports[0]:
            command += ["--seeds", self.address]
        return self.stack.enter_context(started(command, " is up with roles "))[2]

    def submit(self, spec):
        """`sampo submit --wait`; the job's last status."""
        return _ended(run(["./sampo", "submit", spec_file(spec), "--cluster", self.address, "--wait", "--json"])[0])

    def __exit__(self, *raised):
        self.stack.close()


def rows_per_second(view, warm):
    """Rows of the epochs after the first {warm}, over the seconds that they took with everything in them."""
    # By its number: a status tells of the last hundred epochs only.
    seconds = [epoch["seconds"] for epoch in view["history"] if epoch["epoch"] > warm]
    return view["rowsPerEpoch"] * len(seconds) / sum(seconds)


# ---- limits and peers ----


def limit(name, *arguments, numerics="portable"):
    """A program of dev.sampo.bench.limit, and the JSON it prints."""
    return last_json(run([*tool(name), *arguments], {"SAMPO_NUMERICS": numerics})[0])


def tool(name):
    return ["bench/jmh", "--class", f"limit.{name}"]


def make_venv():
    """The Python of the peers, with what could be installed; the reasons of what could not, by package."""
    python = VENV / "bin" / "python"
    if not python.exists():
        print("bench: making bench/.venv with the peers (once, some minutes)…", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True, capture_output=True)
    reasons = {}
    for wanted, module in ((PACKAGES, "sklearn, matplotlib"), (["torch"], "torch")):
        if subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0:
            continue
        done = subprocess.run([python, "-m", "pip", "install", "-q", *wanted], capture_output=True, text=True)
        if done.returncode != 0:
            reasons[wanted[-1]] = "pip install failed: " + done.stderr.strip().splitlines()[-1]
    return reasons


def python_peer(script, module, *arguments, environment=None):
    """A script of bench/peers and the JSON it prints. PyTorch may also be the distribution's (python3-torch)."""
    for python in (VENV / "bin" / "python", pathlib.Path("/usr/bin/python3")):
        found = python.exists() and subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0
        if found:
            return last_json(run([python, BENCH / "peers" / script, *arguments], environment or {})[0])
    raise Absent(f"no {module}: neither pip in bench/.venv nor the system's Python has it")


def java_peer(project, main, *arguments, environment=None):
    """A Maven project of bench/peers with that peer's own dependencies, and the JSON that its program prints."""
    folder = BENCH / "peers" / project
    lib = folder / "target" / "lib"
    if not (folder / "target" / ".built").exists():
        print(f"bench: fetching and building the peer {project} (once)…", file=sys.stderr)
        built = subprocess.run(["mvn", "-q", "-B", "package"], cwd=folder, capture_output=True, text=True)
        if built.returncode != 0:
            reason = [line for line in built.stdout.splitlines() if line.startswith("[ERROR]")]
            raise Absent(f"{project} can't be built: {reason[0][8:300] if reason else built.stderr[-300:]}")
        (folder / "target" / ".built").touch()
    opens = "nio util lang lang.invoke net util.concurrent".split()
    flags = [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in opens]
    flags += ["--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "--add-opens=java.base/sun.util.calendar=ALL-UNNAMED"]
    command = ["java", *flags, "-Xmx4g", "-cp", f"{folder}/target/classes:{lib}/*", main, *arguments]
    return last_json(run(command, environment or {})[0])
