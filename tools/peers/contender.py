"""What the Python contenders share: the case they are given, and how they answer.

    contender HIDDENxLAYERS BATCH THREADS FOLDER SECONDS VARIANT

A contender reads FOLDER/case.f64, which ours.cpp wrote; runs a training step there and writes what
came out to FOLDER/VARIANT.f64 (loss, gradient, parameters after three steps of Adam); prints
{"ready": true, ...}; and then answers each line on its standard input with a timed round.
"""

import json
import sys
import time
from dataclasses import dataclass

import numpy as np

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Adam's, as ours
CHECK_RATE, TIMED_RATE = 1e-3, 1e-9  # timed steps hardly move: all rounds do the same work


@dataclass
class Case:
    sizes: list  # inputs, hidden widths..., 1
    batch: int
    threads: int
    layers: list  # (weight: in x out, bias: out) of each layer
    states: np.ndarray  # batch x 4
    targets: np.ndarray  # batch x 2


def read_case(hidden, batch, threads, folder):
    width, depth = map(int, hidden.split("x"))
    sizes = [4] + [width] * depth + [1]
    numbers = np.fromfile(f"{folder}/case.f64")
    at = 0

    def take(*shape):
        nonlocal at
        at += int(np.prod(shape))
        return numbers[at - int(np.prod(shape)) : at].reshape(shape)

    # Column-major out x in, as the engine keeps a weight, is row-major in x out.
    layers = [(take(i, o), take(o)) for i, o in zip(sizes, sizes[1:])]
    return Case(sizes, batch, threads, layers, take(batch, 4), take(batch, 2))


class Contender:
    """One way to take a training step. Subclasses set the attributes and write the methods."""

    precision = "float64"
    note = ""  # what was chosen, to be told in the table

    def loss_and_gradient(self):
        """The loss, and the gradient as one flat array in the order of the case."""
        raise NotImplementedError

    def parameters_after(self, steps):
        """The parameters after so many steps at CHECK_RATE, from the case's, flat."""
        raise NotImplementedError

    def run(self, steps):
        """That many steps at TIMED_RATE, finished when it returns."""
        raise NotImplementedError

    def warm_up(self, seconds):
        """Before the first round, alone on the machine: the time to choose among formulations."""


def steps_in(run, seconds):
    """How many steps take about so long."""
    run(1)
    steps = 1
    while True:
        start = time.perf_counter()
        run(steps)
        elapsed = time.perf_counter() - start
        if elapsed > seconds / 2:
            return max(1, round(steps * seconds / elapsed))
        steps *= 4


def answer(**what):
    print(json.dumps(what), flush=True)


def serve(contenders):
    """contenders: variant -> a function from a Case to a Contender."""
    hidden, batch, threads, folder, seconds, variant = sys.argv[1:]
    seconds = float(seconds)
    case = read_case(hidden, int(batch), int(threads), folder)
    contender = contenders[variant](case)
    loss, gradient = contender.loss_and_gradient()
    np.concatenate([[loss], gradient, contender.parameters_after(3)]).astype("f8").tofile(
        f"{folder}/{variant}.f64"
    )
    answer(ready=True, precision=contender.precision)

    steps = 0
    for _ in sys.stdin:
        if not steps:
            contender.warm_up(seconds)
            steps = steps_in(contender.run, seconds)
        start = time.perf_counter()
        contender.run(steps)
        answer(seconds=(time.perf_counter() - start) / steps, note=contender.note)
