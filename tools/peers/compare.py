#!/usr/bin/env python3
"""The same training step by us and by our peers: `make bench-peers`.

A step is the network L(q, v), its Euler-Lagrange accelerations, their mean squared error, the
gradient of that with respect to the parameters, and Adam. Each contender is a process of its own
(tools/peers/contender.py tells how it is spoken to). All start from the same parameters and the same
batch, and each has to reproduce our loss, gradient and third Adam step before its time counts.
Then rounds alternate between all contenders, so that a noisy machine is noisy to all; the median
round counts. Peers are installed by tools/peers/install; one that is missing is skipped by name.
"""

import argparse
import array
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
INSTALL = "tools/peers/install"

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
CASES = {  # name: hidden layers, batch, threads
    "16x3/b4": ("16x3", 4, 1),
    "16x3/b512": ("16x3", 512, CORES),
    "64x2/b64": ("64x2", 64, CORES),
    "256x2/b4": ("256x2", 4, 1),
    "256x2/b512": ("256x2", 512, CORES),
}
PEERS = {  # variant: how it is told in the table, the script that knows it
    "torch-slides": ("PyTorch, as on the slides", "torch_contender.py"),
    "torch-func": ("PyTorch, torch.func", "torch_contender.py"),
    "torch-compile": ("PyTorch, torch.compile", "torch_contender.py"),
    "jax": ("JAX, as published", "jax_contender.py"),
    "jax-best": ("JAX, at its best", "jax_contender.py"),
    "jax-best-float32": ("JAX, at its best", "jax_contender.py"),
}
SLOW = {"torch-slides": 64}  # variant: the largest batch that it is asked for
TOLERANCE = {"float64": 1e-8, "float32": 1e-3}


class Contender:
    """A process that has prepared a case, and runs a round whenever it is asked."""

    def __init__(self, variant, label, command, environment):
        self.variant, self.label = variant, label
        self.seconds, self.note, self.precision, self.failure = [], "", "", None
        self.difference = 0.0
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [str(word) for word in command], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
        )

    def listen(self):
        """The next thing that it says in JSON, past what its libraries may print. None: it died."""
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines()
        self.failure = lines[-1] if lines else f"ended with {self.process.returncode}"
        return None

    def prepare(self, threads):
        ready = self.listen()
        if ready:
            self.precision = ready["precision"]
            confine(self.process.pid, threads)
        return ready is not None

    def round(self, counts):
        try:
            print(file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass  # listen tells why
        result = self.listen()
        if result and counts:
            self.seconds.append(result["seconds"])
            self.note = result.get("note", "")

    def end(self):
        self.process.kill()
        self.process.wait()


def confine(process, threads):
    """No more cores than threads, whatever pools the contender has made."""
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))[-threads:]
    for thread in os.listdir(f"/proc/{process}/task"):
        os.sched_setaffinity(int(thread), cores)


def difference(folder, variant, parameters, precision):
    """The largest of the relative differences to our loss, gradient and third Adam step."""

    def read(name):
        numbers = array.array("d")
        numbers.frombytes(Path(folder, f"{name}.f64").read_bytes())
        return numbers[0], numbers[1 : 1 + parameters], numbers[1 + parameters :]

    def apart(a, b, scale):
        return max(abs(x - y) for x, y in zip(a, b, strict=True)) / scale

    (loss, gradient, after), (our_loss, our_gradient, our_after) = read(variant), read("ours")
    result = max(
        apart([loss], [our_loss], abs(our_loss)),
        apart(gradient, our_gradient, max(map(abs, our_gradient))),
    )
    if precision == "float64":  # in float32 a small step is lost in a large parameter's rounding
        result = max(result, apart(after, our_after, 3e-3))  # three steps at 1e-3
    return result


def parameter_count(hidden):
    width, depth = map(int, hidden.split("x"))
    sizes = [4] + [width] * depth + [1]
    return sum((i + 1) * o for i, o in zip(sizes, sizes[1:]))


def run_case(name, variants, python, options, environment):
    """Prepares all contenders of a case, checks them, runs the rounds; returns the contenders."""
    hidden, batch, threads = CASES[name]
    contenders = []
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as folder:
        arguments = [hidden, batch, threads, folder, options.seconds]
        try:
            ours = Contender("ours", "ours", [options.build / "peers_ours", *arguments], environment)
            contenders.append(ours)
            if not ours.prepare(threads):
                raise SystemExit(f"bench-peers: our own contender failed: {ours.failure}")
            for variant in variants:
                if batch > SLOW.get(variant, batch):
                    continue
                label, script = PEERS[variant]
                command = [python, HERE / script, *arguments, variant]
                contenders.append(Contender(variant, label, command, environment))
            ready = [ours]
            for contender in contenders[1:]:
                if contender.prepare(threads):
                    contender.difference = difference(
                        folder, contender.variant, parameter_count(hidden), contender.precision
                    )
                    ready.append(contender)
            for round_number in range(options.rounds + 1):  # the first warms up
                for contender in ready:
                    if not contender.failure:
                        contender.round(counts=round_number > 0)
        finally:
            for contender in contenders:
                contender.end()
    return contenders


def agreement(contender):
    if contender.variant == "ours":
        return ""
    ok = contender.difference < TOLERANCE[contender.precision]  # not so for a NaN
    return f"{contender.difference:.0e}" + ("" if ok else "  DIFFERS")


def number(x):
    """Three digits that count: 0.0123, 1.23, 12.3, 123, 12,346."""
    return f"{x:,.{max(0, 2 - len(str(int(x))) + 1) if x >= 1 else 3}f}"


def print_case(name, contenders):
    hidden, batch, threads = CASES[name]
    width, depth = hidden.split("x")
    network = "-".join(["4"] + [width] * int(depth) + ["1"])
    print(f"\n  network {network}, batch {batch}, {threads} thread{'s' * (threads > 1)}")
    print(f"    {'':28}{'us a step':>12}{'us a sample':>13}{'x ours':>9}   differs by")
    ours = statistics.median(contenders[0].seconds)
    for contender in contenders:
        label = contender.label + (", float32" if contender.precision == "float32" else "")
        if contender.failure:
            print(f"    {label:28}failed: {contender.failure}")
            continue
        seconds = statistics.median(contender.seconds)
        note = f"  ({contender.note})" if contender.note else ""
        print(
            f"    {label:28}{number(1e6 * seconds):>12}{number(1e6 * seconds / batch):>13}"
            f"{number(seconds / ours):>9}   {agreement(contender)}{note}",
            flush=True,
        )


def case_report(name, contenders):
    hidden, batch, threads = CASES[name]
    rows = [
        {
            "contender": c.variant, "precision": c.precision, "note": c.note,
            "failure": c.failure, "difference": c.difference, "rounds_seconds": c.seconds,
            "seconds": statistics.median(c.seconds) if c.seconds else None,
        }
        for c in contenders
    ]
    ours = rows[0]["seconds"]
    for row in rows:
        row["times_ours"] = row["seconds"] / ours if row["seconds"] else None
    return {"case": name, "hidden": hidden, "batch": batch, "threads": threads, "rows": rows}


def run_adolc(options, environment):
    """Hessians by ADOL-C: a program of its own, which alternates by itself."""
    program = options.build / "peers_adolc"
    if not program.exists():
        return []
    networks = dict.fromkeys(CASES[name][0] for name in options.cases)
    print("\n  the 4 x 4 Hessian of the network by its inputs, one thread, us a sample")
    print(f"    {'':16}{'ours':>9}{'one by one':>12}{'ADOL-C':>10}{'x ours':>9}{'x one':>8}   differs by")
    results = []
    for network in networks:
        output = subprocess.run(
            [program, network, str(options.rounds), str(options.seconds)],
            check=True, capture_output=True, text=True, env=environment,
        ).stdout
        result = json.loads(output)
        results.append(result)
        seconds = result["seconds_a_sample"]
        driver = min("adolc_hessian", "adolc_hessian2", key=seconds.get)
        theirs, ours, one = seconds[driver], seconds["ours"], seconds["ours_one_by_one"]
        ok = result["difference"] < TOLERANCE["float64"]
        print(
            f"    {network:16}{number(1e6 * ours):>9}{number(1e6 * one):>12}"
            f"{number(1e6 * theirs):>10}{number(theirs / ours):>9}{number(theirs / one):>8}"
            f"   {result['difference']:.0e}{'' if ok else '  DIFFERS'}  ({driver[6:]})",
            flush=True,
        )
    return results


def available(python, module):
    found = python.exists() and subprocess.run(
        [python, "-c", f"import importlib.util as u, sys; sys.exit(not u.find_spec('{module}'))"],
        check=False,
    )
    return bool(found) and found.returncode == 0


def parse():
    parser = argparse.ArgumentParser(
        prog="make bench-peers", description="our training step beside PyTorch's, JAX's and ADOL-C's"
    )
    names = lambda text: text.split(",")
    parser.add_argument("--build", type=Path, default=Path("build/tools/peers"), metavar="FOLDER",
                        help="where our programs are (default: %(default)s)")
    parser.add_argument("--venv", type=Path, default=Path("build/peers-venv"), metavar="FOLDER",
                        help="the peers' virtual environment (default: %(default)s)")
    parser.add_argument("--cases", type=names, default=list(CASES), help=f"of {','.join(CASES)}")
    parser.add_argument("--peers", type=names, default=[*PEERS, "adolc"],
                        help=f"of {','.join(PEERS)},adolc")
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=0.1,
                        help="length of a round; default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all rounds there too")
    options = parser.parse_args()
    for given, known in ((options.cases, CASES), (options.peers, [*PEERS, "adolc"])):
        for name in given:
            if name not in known:
                parser.error(f"'{name}' is unknown; choose from {', '.join(known)}")
    return options


def main():
    options = parse()
    environment = {
        **os.environ,
        "PEERS_CACHE": str(options.venv.resolve().parent / "peers-cache"),  # compiled once
        # OpenMP's threads wait with patience, everyone's alike (see wait_patiently in progress.h).
        "GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "5000"),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    python = options.venv / "bin" / "python"
    variants = [name for name in options.peers if name != "adolc"]
    for module, label in (("torch", "PyTorch"), ("jax", "JAX")):
        if any(v.startswith(module) for v in variants) and not available(python, module):
            print(f"  {label} is skipped: it is not there. {INSTALL} installs it.")
            variants = [v for v in variants if not v.startswith(module)]
    if "adolc" in options.peers and not (options.build / "peers_adolc").exists():
        print(f"  ADOL-C is skipped: it is not there. {INSTALL} installs it.")

    print(f"  A training step, us and peers; medians of {options.rounds} alternating rounds.")
    print("  x ours: times our time. differs by: from our loss, gradient and Adam, relative.")
    reports, wrong = [], []
    for name in options.cases:
        contenders = run_case(name, variants, python, options, environment)
        print_case(name, contenders)
        reports.append(case_report(name, contenders))
        wrong += [c for c in contenders if c.failure or "DIFFERS" in agreement(c)]
    hessians = run_adolc(options, environment) if "adolc" in options.peers else []
    wrong += [h for h in hessians if not h["difference"] < TOLERANCE["float64"]]
    if options.json:
        options.json.write_text(json.dumps({"steps": reports, "hessians": hessians}, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
