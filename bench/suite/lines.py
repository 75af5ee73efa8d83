"""What is measured, a function for each line of the suite. Each gives its results one by one."""

import contextlib
import itertools
import json
import os
import re
import subprocess
import urllib.request

from suite import data
from suite.measure import compared, figure
from suite.programs import (
    ONE_THREAD,
    PORTABLE,
    WORK,
    Absent,
    Cluster,
    Failed,
    free_port,
    java_peer,
    limit,
    python_peer,
    rows_per_second,
    run,
    spec_file,
    started,
    tool,
    train,
)

MLP = "784,256,10"
MIB_OF_FLOATS = 256 * 1024


class Size:
    """How much is run: enough for the figures, or just enough to see that everything works."""

    def __init__(self, quick, pairs):
        self.quick = quick
        self.pairs = pairs or (1 if quick else 5)
        self.epochs, self.warm = (3, 1) if quick else (16, 6)
        # A JVM of its own for each run compiles for some fifteen seconds; so many epochs more pass before any is counted.
        self.compiling = 0 if quick else 32
        self.seconds = 2 if quick else 12

    def rows(self, full):
        return full // 10 if self.quick else full


def mlp_spec(size, batch, images, **training):
    return {
        "name": f"mlp-{batch}",
        "data": {
            "train": str(images[0]),
            "format": {"type": "idx", "labels": str(images[1])},
            "label": {"type": "classes"},
        },
        "features": [{"columns": ["pixels"], "transform": "scale", "divideBy": 255}],
        "model": {"type": "mlp", "hidden": [256], "activation": "relu"},
        "training": {
            "epochs": size.epochs,
            "ranks": 2,
            "batchSize": batch,
            "seed": 1,
            "optimizer": {"type": "adam", "learningRate": 0.001},
            **training,
        },
    }


def sampo(size, batch, images, numerics="portable"):
    """Rows a second of one process with 2 lanes."""
    spec = mlp_spec(size, batch, images, epochs=size.epochs + size.compiling)
    return rows_per_second(train(spec, 2, numerics), size.warm + size.compiling)


def ddp(size, batch, images, native=False, processes=2, loader="tensor"):
    """Rows a second of PyTorch, of as many epochs as Sampo's."""
    threads = 2 // processes
    environment = {**ONE_THREAD, **({} if native else PORTABLE), "OMP_NUM_THREADS": str(threads)}
    arguments = ["--widths", MLP, "--batch", batch * 2 // processes, "--epochs", size.epochs]
    arguments += ["--processes", processes, "--threads", threads, "--loader", loader]
    view = python_peer("ddp.py", "torch", *images, *arguments, environment=environment)
    return view["rowsPerEpoch"] * (size.epochs - size.warm) / sum(view["seconds"][size.warm :])


def mlp(size):
    """One process, 2 lanes, MLP 784-256-10, real loop with ingestion and optimizer."""
    images = data.images(size.rows(60_000))

    for batch in (64, 128, 512):
        yield compared(
            "mlp", f"batch {batch}, portable", "rows/s", size.pairs, lambda: sampo(size, batch, images),
            "PyTorch DDP 2 × 1 thread", lambda: ddp(size, batch, images), at_least=2,
        )  # fmt: skip

    full = data.images(size.rows(60_000), full=True)
    yield compared(
        "mlp", "batch 128, no pixel black", "rows/s", size.pairs, lambda: sampo(size, 128, full),
        "PyTorch DDP 2 × 1 thread", lambda: ddp(size, 128, full),
    )  # fmt: skip

    def limits(key):
        return lambda: limit("StepLimit", MLP, 128, 2, size.seconds, data.INK)[key]

    yield compared(
        "mlp", "batch 128, share of the bare products", "rows/s", size.pairs, lambda: sampo(size, 128, images),
        "GEMM loop, 2 threads", limits("productsRowsPerSecond"), at_least=0.75,
    )  # fmt: skip
    yield compared(
        "mlp", "batch 128, share of lanes that never wait", "rows/s", size.pairs, lambda: sampo(size, 128, images),
        "gradient loop, 2 threads", limits("gradientRowsPerSecond"),
    )  # fmt: skip


def native(size):
    """The same with every processor's best kernels, and against other ways to train it on this machine."""
    images = data.images(size.rows(60_000))

    for batch in (64, 128, 512):
        yield compared(
            "native", f"batch {batch}, native", "rows/s", size.pairs, lambda: sampo(size, batch, images, "native"),
            "PyTorch's best of DDP 2 × 1 and one process × 2 threads",
            lambda: max(ddp(size, batch, images, native=True), ddp(size, batch, images, native=True, processes=1)),
            at_least=2,
        )  # fmt: skip
    yield compared(
        "native", "batch 128, against the usual DataLoader loop", "rows/s", size.pairs, lambda: sampo(size, 128, images),
        "PyTorch DDP with DataLoader", lambda: ddp(size, 128, images, loader="dataloader"),
    )  # fmt: skip

    yield compared(
        "native", "batch 128, against DL4J", "rows/s", size.pairs, lambda: sampo(size, 128, images), "DL4J ParallelWrapper, 2 workers",
        lambda: _dl4j(size, images),
    )  # fmt: skip


def _dl4j(size, images):
    view = java_peer(
        "dl4j", "Dl4jPeer", *images, "128", str(size.epochs), environment={**ONE_THREAD, **PORTABLE}
    )
    return view["rowsPerEpoch"] * (size.epochs - size.warm) / sum(view["seconds"][size.warm :])


WORKERS_APART = ["coordinator,ingest", "ps", "worker", "worker"]
WORKERS_INGEST = ["coordinator", "ps", "worker,ingest", "worker,ingest"]


def processes(size):
    """Separate processes on this machine: 1 ps, 2 workers and a coordinator. The workers ingest what they train on, as PyTorch's
    processes do."""
    yield from _processes(size, "processes", WORKERS_INGEST, {"at_least": 1})


def apart(size):
    """The same with another node that ingests for the workers."""
    yield from _processes(size, "apart", WORKERS_APART, {})


def _processes(size, line, roles, target):
    images = data.images(size.rows(60_000))
    with Cluster(roles) as cluster:
        for batch in (128, 512):
            yield compared(
                line, f"batch {batch}", "rows/s", size.pairs,
                lambda: rows_per_second(cluster.submit(mlp_spec(size, batch, images)), size.warm),
                "PyTorch DDP 2 × 1 thread", lambda: ddp(size, batch, images), **target,
            )  # fmt: skip


def durability(size):
    """What it costs that every step is on a second node before it is answered, and what checkpoints cost."""
    images = data.images(size.rows(60_000))

    def rate(replication, every_steps=None):
        checkpoint = {} if every_steps is None else {"checkpoint": {"everySteps": every_steps}}
        spec = mlp_spec(size, 128, images, **checkpoint)
        spec["parameterServer"] = {"replication": replication}
        return lambda: rows_per_second(cluster.submit(spec), size.warm)

    with Cluster(["coordinator,ingest", "ps", "ps", "worker", "worker"]) as cluster:
        yield compared(
            "durability", "replication 1", "rows/s", size.pairs, rate(1), "replication 0", rate(0),
        )  # fmt: skip
        # An epoch has 235 steps and a checkpoint at its end in any case.
        yield compared(
            "durability", "a checkpoint every 24 steps", "rows/s", size.pairs, rate(0, 24), "at an epoch's end only", rate(0),
        )  # fmt: skip


def push_pull(seconds, floats, window):
    """Bytes a second in each direction through the transport and the serializer of a node."""
    with started([*tool("PushPull"), "serve"], "pekko://", stream="stdout") as (_, address, _):
        return limit("PushPull", "run", address, floats, window, seconds)["bytesPerSecond"]


def raw_socket(seconds, count, window):
    with started([*tool("RawSocket"), "serve", count], "", stream="stdout") as (_, port, _):
        return limit("RawSocket", "run", port, count, window, seconds)["bytesPerSecond"]


def sockets(size):
    """Push-pull of 1 MiB shards between two processes, against a blocking socket that carries bytes and nothing else."""
    # The first third is not counted, and two JVMs compile for some ten seconds.
    seconds = 3 * size.seconds
    window = 4
    yield compared(
        "sockets", f"1 MiB, {window} under way", "bytes/s", size.pairs,
        lambda: push_pull(seconds, MIB_OF_FLOATS, window),
        "raw socket", lambda: raw_socket(seconds, 1 << 20, window), at_least=0.7,
    )  # fmt: skip


# 784 * 8192 + 8192 * 5312 + 5312 * 10 and biases: 50.0 million parameters, 200 MB.
LARGE_HIDDEN = [8192, 5312]
LARGE_BATCH = 128


def large(size):
    """A model of 50 M parameters over two ps processes and one worker: bytes on the wire, and time of a step."""
    hidden = [512, 512] if size.quick else LARGE_HIDDEN
    parameters = sum(i * o + o for i, o in itertools.pairwise([784, *hidden, 10]))
    few, many = (2, 6) if size.quick else (5, 25)
    minimum = 2 * 4 * parameters
    seen = {}

    def measured():
        with Cluster(["coordinator,ingest", "ps", "ps", "worker"]) as cluster:
            bytes_, seconds = [], []
            for steps in (few, few, many):
                images = data.images(LARGE_BATCH * steps)
                spec = mlp_spec(size, LARGE_BATCH, images, epochs=1, ranks=1)
                spec["name"] = f"large-{steps}"
                spec["model"]["hidden"] = hidden
                # A step's minimum is one push and one pull; copies on a second node would double the push.
                spec["parameterServer"] = {"replication": 0}
                before = _socket_bytes(cluster.ports[1:3])
                view = cluster.submit(spec)
                bytes_.append(_socket_bytes(cluster.ports[1:3]) - before)
                seconds.append(view["history"][0]["seconds"])
            # The first job warms up; what every job costs besides its steps is in both of the others.
            seen["bytes"] = (bytes_[2] - bytes_[1]) / (many - few)
            seen["seconds"] = (seconds[2] - seconds[1]) / (many - few)
            return seen["bytes"] / minimum

    note = f"{parameters:,} parameters, minimum {minimum:,} bytes a step"
    yield figure("large", "bytes on the wire a step, to the minimum", "×", size.pairs, measured, at_most=1.02, note=note)

    def to_model():
        measured()
        gradient = limit("StepLimit", ",".join(map(str, [784, *hidden, 10])), LARGE_BATCH, 1, size.seconds, data.INK)
        compute = LARGE_BATCH / gradient["gradientRowsPerSecond"]
        # Push and pull use the two directions of the wire one after the other.
        wire = minimum / raw_socket(size.seconds, 1 << 20, 4)
        return seen["seconds"] / (wire + compute)

    yield figure(
        "large", "time of a step, to bytes / socket bandwidth + gradient", "×", size.pairs, to_model, at_most=1.3, note=note
    )


def _socket_bytes(ports):
    """Bytes of TCP payload that went in and out of the sockets that listen at {ports}' nodes, since they were opened."""
    try:
        listed = subprocess.run(["ss", "-tinHO"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as e:
        raise Absent(f"ss (iproute2) is needed to count bytes: {e}") from None
    total = 0
    pids = {int(pid) for port in ports for pid in _listeners(port)}
    owned = subprocess.run(["ss", "-tnHOp"], capture_output=True, text=True).stdout
    mine = {
        tuple(line.split()[3:5]) for line in owned.splitlines() if any(f"pid={pid}," in line for pid in pids)
    }
    for line in listed.splitlines():
        if tuple(line.split()[3:5]) in mine:
            total += sum(int(n) for n in re.findall(r"\bbytes_(?:acked|received):(\d+)", line))
    return total


def _listeners(port):
    text = subprocess.run(["ss", "-tlnHOp", f"sport = :{port}"], capture_output=True, text=True).stdout
    return re.findall(r"pid=(\d+),", text)


def sparse_spec(size, path, features, batch, epochs=None):
    return {
        "name": f"sparse-{features}",
        "data": {
            "train": str(path),
            "format": {"type": "libsvm", "indexBase": 1, "features": features},
            "label": {"type": "binary", "positive": "1"},
        },
        "model": {"type": "logistic"},
        "training": {
            "epochs": epochs or size.epochs,
            "ranks": 2,
            "batchSize": batch,
            "seed": 1,
            "optimizer": {"type": "adagrad", "learningRate": 0.1},
        },
    }


def sparse(size):
    """Logistic regression on sparse rows against scikit-learn's SGDClassifier on one thread: what parallelism costs."""
    # Both classifiers pass rows at some millions a second: so many rows that an epoch takes a while, in batches of some
    # milliseconds' work. What compiles still takes a seventh of a core after 60 epochs of a few steps each; at most a
    # hundred epochs are in a status.
    a9a = ("a9a's shape", data.sparse(size.rows(1_000_000), 123, 14, True), 123, 8192)
    wide = ("1 M features, 39 non-zeros", data.sparse(size.rows(400_000), 1_000_000, 39, False), 1_000_000, 50_000)
    uncounted = 4 * size.compiling
    losses = {}

    def sampo(workers):
        view = train(sparse_spec(size, path, features, batch, epochs=size.epochs + uncounted + size.compiling), workers)
        return rows_per_second(view, size.warm + uncounted)

    def trained(path, features, batch):
        view = train(sparse_spec(size, path, features, batch), 2)
        return view["history"][-1]["trainLoss"]

    def sgd():
        view = python_peer("sgd.py", "sklearn", path, features, size.epochs, environment=ONE_THREAD)
        losses["scikit-learn"] = view["loss"]
        return view["rowsPerEpoch"] * (size.epochs - size.warm) / sum(view["seconds"][size.warm :])

    for name, path, features, batch in (a9a, wide):
        losses["Sampo"] = trained(path, features, batch)
        for workers, target in ((2, 1), (1, None)):
            result = compared(
                "sparse", f"{name}, {workers} lane{'s' * (workers > 1)}", "rows/s", size.pairs,
                lambda: sampo(workers), "scikit-learn SGD, 1 thread", sgd, at_least=target,
            )  # fmt: skip
            told = ", ".join(f"{who} {loss:.4f}" for who, loss in losses.items())
            result.note = result.note or f"training loss after {size.epochs} epochs: {told}"
            yield result
    for name, path, features, batch in (a9a, wide):
        yield compared(
            "sparse", f"{name}, 2 lanes, against Spark", "rows/s", size.pairs, lambda: sampo(2),
            "Spark MLlib LogisticRegression, local[2]", lambda: _spark(size, path, features),
        )  # fmt: skip


def _spark(size, path, features):
    view = java_peer(
        "spark", "SparkPeer", path, str(features), str(size.epochs), environment={**ONE_THREAD, **PORTABLE}
    )
    return view["rowsPerEpoch"] * view["iterations"] / view["fitSeconds"]


def ingest(size):
    """Text to rows on one core, and what an epoch costs once its rows were seen."""
    rows = data.sparse(size.rows(200_000), 1_000_000, 39, False)
    table = data.csv(size.rows(200_000))

    def loader():
        return python_peer("svmlight.py", "sklearn", rows, environment=ONE_THREAD)["megabytesPerSecond"]

    for kind, file in (("csv", table), ("libsvm", rows)):
        for what in ("records", "batches"):
            yield compared(
                "ingest", f"{kind} to {what}", "MB/s", size.pairs,
                lambda: limit("ParseRate", file, kind, size.seconds)[f"{what}MegabytesPerSecond"],
                "scikit-learn load_svmlight_file", loader, at_least=3,
            )  # fmt: skip

    for kind, file, batch in (("csv", table, 256), ("libsvm", rows, 4096)):
        seen = {}

        def second():
            seen.update(limit("EpochRate", file, kind, batch, size.seconds))
            return seen["memoryRowsPerSecond"] / seen["firstRowsPerSecond"]

        result = figure("ingest", f"second epoch from the cache to the first, {kind}", "×", size.pairs, second, at_least=5)
        told = f"last run: {seen['firstRowsPerSecond']:,} rows/s, then {seen['memoryRowsPerSecond']:,} from memory, " if seen else ""
        spilled = f"{seen['diskRowsPerSecond']:,} from disk; {seen['bytesPerBatch']:,} bytes a batch" if seen else ""
        result.note = result.note or told + spilled
        yield result

    def trained():
        spec = sparse_spec(size, rows, 1_000_000, 4096)
        spec["training"]["epochs"] = 3
        epochs = [epoch["seconds"] for epoch in train(spec, 2)["history"]]
        return epochs[0] / epochs[1]

    yield figure(
        "ingest", "first epoch of a training to its second, libsvm", "×", size.pairs, trained,
        note="gradient and exchange are in both; the first epoch also warms the JVM up",
    )  # fmt: skip


def allocation(size):
    """Bytes on the heap for each step and lane once the job runs evenly, and the time that collection takes."""
    images = data.images(size.rows(60_000))
    seen = {}
    computing = []

    def recorded(epochs):
        recording = WORK / "allocation.jfr"
        settings = WORK / "allocation.jfc"
        settings.write_text(
            '<configuration version="2.0">'
            '<event name="jdk.ThreadAllocationStatistics"><setting name="enabled">true</setting>'
            '<setting name="period">100 ms</setting></event>'
            '<event name="jdk.GarbageCollection"><setting name="enabled">true</setting></event></configuration>'
        )
        options = f"-XX:StartFlightRecording=filename={recording},settings={settings},dumponexit=true"
        view = train(mlp_spec(size, 128, images, epochs=epochs), 2, java_options=options)
        return view, *_recording(recording)

    def measured():
        short, long = (2, 4) if size.quick else (24, 72)
        before, bytes_before, pauses_before = recorded(short)
        after, bytes_after, pauses_after = recorded(long)
        # Starting, indexing and most of warming up are in both runs.
        steps = after["steps"] - before["steps"]
        for group in bytes_after:
            seen[group] = (bytes_after[group] - bytes_before.get(group, 0)) / steps / 2
        seconds = sum(e["seconds"] for e in after["history"]) - sum(e["seconds"] for e in before["history"])
        seen["collection"] = 100 * (pauses_after - pauses_before) / seconds
        computing.append(seen["sampo.compute-dispatcher"])
        return sum(bytes_ for group, bytes_ in seen.items() if group != "collection")

    # Who shows progress, polls the job and keeps its journal leaves as much however many steps there are in a second.
    total = figure("allocation", "of the whole process, its client in it", "bytes/step/lane", size.pairs, measured)
    groups = sorted((-value, group) for group, value in seen.items() if group != "collection")
    total.note = total.note or "last run: " + ", ".join(f"{group} {-value:,.0f}" for value, group in groups[:5])
    yield total
    if computing:
        each = iter(computing)
        yield figure(
            "allocation", "of the threads that compute and apply steps", "bytes/step/lane", len(computing),
            lambda: next(each), at_most=1024, note="of the runs above",
        )  # fmt: skip
    if "collection" in seen:
        yield figure(
            "allocation", "garbage collection", "% of the time", 1, lambda: seen["collection"], at_most=1,
            note="of the last run above",
        )  # fmt: skip


def _recording(path):
    """Bytes allocated by group of threads, and seconds of collection pauses."""
    events = "jdk.ThreadAllocationStatistics,jdk.GarbageCollection"
    text, _ = run(["jfr", "print", "--json", "--events", events, path])
    most = {}
    pauses = 0.0
    for event in json.loads(text)["recording"]["events"]:
        values = event["values"]
        if event["type"] == "jdk.GarbageCollection":
            pauses += float(values["sumOfPauses"].removeprefix("PT").removesuffix("S"))
        elif values["thread"]:
            thread = values["thread"]["javaName"] or values["thread"]["osName"]
            most[thread] = max(most.get(thread, 0), values["allocated"])
    groups = {}
    for thread, allocated in most.items():
        group = re.sub(r"-?\d+$", "", thread.removeprefix("sampo-"))
        groups[group] = groups.get(group, 0) + allocated
    return groups, pauses


def serving(size):
    """Predictions over HTTP by the Open Inference Protocol, the load from a process of its own on the same cores."""
    table = data.csv(size.rows(20_000), columns=4)
    port = free_port()
    spec = {
        "name": "four",
        "data": {"train": str(table), "label": {"column": "label", "type": "binary", "positive": "1"}},
        "features": [{"columns": ["x*"], "transform": "standardize"}],
        "model": {"type": "logistic"},
        "training": {"epochs": 3, "batchSize": 128},
    }
    command = ["./sampo", "train", spec_file(spec), "--home", WORK / "serving", "--serve", "--http-port", port]
    with started(command, "serving at"):
        for rows, connections in ((1, 1), (1, 8), (1, 32), (32, 8), (256, 8)):
            body = WORK / f"body-{rows}.json"
            inputs = [
                {"name": f"x{i}", "datatype": "FP64", "shape": [rows], "data": [round(0.37 * (i + row % 7) - 1, 2) for row in range(rows)]}
                for i in range(4)
            ]
            body.write_text(json.dumps({"inputs": inputs}))
            answer = len(_post(port, body))
            seen = []

            def load(at=port):
                view = limit("LoadGenerator", at, INFER, body, connections, size.seconds)
                if at == port:
                    seen.append(view)
                return view["requestsPerSecond"] * rows

            name = f"{rows} row{'s' * (rows > 1)} a request, {connections} connection{'s' * (connections > 1)}"
            with _constant("server", answer) as limited:
                yield compared(
                    "serving", name, "rows/s", size.pairs, load, "the same server, a constant answer", lambda: load(limited)
                )
            if (rows, connections) == (1, 32):
                rates = iter(seen)
                yield figure(
                    "serving", f"{name}, for itself", "rows/s", len(seen), lambda: next(rates)["requestsPerSecond"],
                    at_least=13_000,
                    note=f"of the runs above; the generator took {seen[-1]['generatorCores']} of 2 cores" if seen else "",
                )  # fmt: skip
            for key in ("p50Ms", "p99Ms"):
                taken = iter(seen[: size.pairs])
                yield figure(
                    "serving", f"{name}, {key[:3]}", "ms", len(seen), lambda: next(taken)[key],
                    at_most=10 if key == "p99Ms" else None,
                )  # fmt: skip
            if (rows, connections) == (1, 32):
                with _constant("sockets", answer) as limited:
                    yield compared(
                        "serving", f"{name}, share of the machine's limit", "rows/s", size.pairs, load,
                        "bare sockets, a constant answer", lambda: load(limited),
                    )  # fmt: skip


INFER = "/v2/models/four/infer"


def _post(port, body):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{INFER}", body.read_bytes(), timeout=30) as answer:
        return answer.read()


@contextlib.contextmanager
def _constant(kind, size):
    """A server that answers {size} bytes whatever it is asked; gives its port."""
    port = free_port()
    with started([*tool("ConstantServer"), kind, port, size], "listening", stream="stdout"):
        yield port


def start(size):
    """From the command to training, and from a node's command to its place in the cluster."""
    spec = "examples/digits/mlp.yaml"
    # The first call after a build prepares the quick starts of all others.
    run(["./sampo", "--version"])

    def training():
        command = ["./sampo", "train", spec, "--home", WORK / f"start-{os.getpid()}"]
        with started(command, "  training") as (_, _, seconds):
            return seconds

    yield figure(
        "start", f"sampo train {spec} until it trains", "s", size.pairs, training, at_most=5,
        note="progress is looked at every 150 ms",
    )  # fmt: skip
    with Cluster(["coordinator,ps,worker,ingest"]) as cluster:
        yield figure(
            "start", "sampo node until it is up", "s", size.pairs, lambda: cluster.start("worker", free_port()), at_most=3
        )


ALL = {
    each.__name__: each
    for each in (mlp, native, processes, apart, durability, sockets, large, sparse, ingest, allocation, serving, start)
}
