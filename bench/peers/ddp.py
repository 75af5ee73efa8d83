"""PyTorch DistributedDataParallel over gloo: the same multi-layer perceptron, batch, optimizer and rows as Sampo's job.

Written to be fast: the whole data set lies in memory as float32 before the clock starts, a batch is one index_select, the
optimizer is the fused one where this version has it. `--loader dataloader` is the loop that tutorials show.
"""

import argparse
import json
import os
import socket
import time

import numpy
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset


def idx(path, dimensions):
    data = numpy.fromfile(path, dtype=numpy.uint8)[4 + 4 * dimensions :]
    return data


def adam(parameters):
    try:
        return torch.optim.Adam(parameters, lr=1e-3, fused=True)
    except (TypeError, RuntimeError):
        return torch.optim.Adam(parameters, lr=1e-3)


def batches(loader, images, labels, rank, options, epoch):
    if loader is not None:
        loader.sampler.set_epoch(epoch)
        yield from loader
        return
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(options.seed + epoch))
    mine = order[rank :: options.processes]
    for at in range(0, len(mine), options.batch):
        chosen = mine[at : at + options.batch]
        yield images[chosen], labels[chosen]


def work(rank, options, port, queue):
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), GLOO_SOCKET_IFNAME="lo")
    dist.init_process_group("gloo", rank=rank, world_size=options.processes)
    widths = [int(width) for width in options.widths.split(",")]
    labels = torch.from_numpy(idx(options.labels, 1).astype(numpy.int64))
    images = torch.from_numpy(idx(options.images, 3).reshape(len(labels), widths[0]).astype(numpy.float32) / 255)
    layers = []
    for i in range(len(widths) - 1):
        layers += [torch.nn.Linear(widths[i], widths[i + 1]), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    model = DistributedDataParallel(network) if options.processes > 1 else network
    optimizer = adam(model.parameters())
    criterion = torch.nn.CrossEntropyLoss()
    loader = None
    if options.loader == "dataloader":
        dataset = TensorDataset(images, labels)
        sampler = DistributedSampler(dataset, options.processes, rank, seed=options.seed)
        loader = DataLoader(dataset, options.batch, sampler=sampler)
    seconds = []
    for epoch in range(options.epochs):
        dist.barrier()
        began = time.perf_counter()
        for x, y in batches(loader, images, labels, rank, options, epoch):
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        dist.barrier()
        seconds.append(time.perf_counter() - began)
    if rank == 0:
        queue.put({"rowsPerEpoch": len(labels), "seconds": seconds, "loss": loss.item()})
    dist.destroy_process_group()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("images")
    parser.add_argument("labels")
    parser.add_argument("--widths", default="784,256,10")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--loader", choices=["tensor", "dataloader"], default="tensor")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = mp.get_context("spawn")
    queue = context.Queue()
    processes = [context.Process(target=work, args=(rank, options, port, queue)) for rank in range(options.processes)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode != 0 for process in processes):
        raise SystemExit("a process failed")
    print(json.dumps({**queue.get(), "version": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()}))


if __name__ == "__main__":
    main()
