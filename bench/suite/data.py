"""Seeded data sets of known shapes. Written once under bench/.data and kept; a shape that changes needs another name."""

import pathlib
import random

DATA = pathlib.Path(__file__).resolve().parents[1] / ".data"
SEED = 1
INK = 0.195
"""Share of the pixels of {images} that are not black, as in handwritten digits (MNIST: 0.191)."""


def _made(name, write):
    """The file of that name, written whole or not at all."""
    path = DATA / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".part")
        write(unfinished)
        unfinished.rename(path)
    return path


def _images(rows, width, full):
    """Class and pixels of each row: the class' prototype under a random mask, so there is something to learn. No pixel is black
    if they are to be {full}."""
    random_ = random.Random(SEED)
    # Four pixels in five are black, as in handwritten digits.
    ink = bytes(0 if value < 205 else value for value in range(256))
    prototypes = [int.from_bytes(random_.randbytes(width).translate(ink), "big") for _ in range(10)]
    grey = int.from_bytes(b"\1" * width, "big") if full else 0
    for _ in range(rows):
        digit = random_.randrange(10)
        yield digit, (prototypes[digit] & random_.getrandbits(8 * width) | grey).to_bytes(width, "big")


def images(rows, width=784, full=False):
    """IDX images [rows, 28, 28] (or [rows, 1, width]) and labels, shaped like MNIST: (images, labels). No pixel of {full} ones is
    black."""
    name = f"{'full-' * full}images"
    shape = (28, 28) if width == 784 else (1, width)

    def write_images(path):
        with open(path, "wb") as out:
            out.write(bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in (rows, *shape)))
            for _, pixels in _images(rows, width, full):
                out.write(pixels)

    def write_labels(path):
        with open(path, "wb") as out:
            out.write(bytes([0, 0, 8, 1]) + rows.to_bytes(4, "big"))
            out.write(bytes(digit for digit, _ in _images(rows, width, full)))

    return (
        _made(f"{name}-{rows}x{width}-idx3-ubyte", write_images),
        _made(f"labels-{rows}x{width}-idx1-ubyte", write_labels),
    )


def csv(rows, columns=20):
    """A table of numbers with a binary label in the first column."""

    def write(path):
        random_ = random.Random(SEED)
        weights = [random_.gauss(0, 1) for _ in range(columns)]
        with open(path, "w") as out:
            out.write("label," + ",".join(f"x{i}" for i in range(columns)) + "\n")
            for _ in range(rows):
                values = [round(random_.gauss(0, 1), 4) for _ in range(columns)]
                label = int(sum(w * v for w, v in zip(weights, values)) > 0)
                out.write(f"{label}," + ",".join(map(str, values)) + "\n")

    return _made(f"table-{rows}x{columns}.csv", write)


def sparse(rows, features, nonzeros, binary):
    """LIBSVM rows (indices from 1) with a planted linear model and a tenth of the labels turned round."""

    def write(path):
        random_ = random.Random(SEED)
        with open(path, "w") as out:
            for _ in range(rows):
                # Low indices come more often, as in a one-hot table sorted by frequency.
                chosen = sorted({1 + int(features * random_.random() ** 2) for _ in range(nonzeros)})
                values = ["1"] * len(chosen) if binary else [f"{random_.random():.4f}" for _ in chosen]
                # A multiplicative hash stands for the weights: nothing to keep for a million features.
                score = sum((index * 2654435761 >> 7 & 1023) - 511.5 for index in chosen)
                label = "1" if (score > 0) != (random_.random() < 0.1) else "-1"
                out.write(label + " " + " ".join(f"{i}:{v}" for i, v in zip(chosen, values)) + "\n")

    return _made(f"sparse-{rows}x{features}x{nonzeros}.libsvm", write)
