"""Many runs of ./train, side by side on the cores, resumed where they were stopped.

tools/sweep, tools/ablate and tools/compare say which runs; this module makes them and reads what they
left. A run is a folder: what ./train writes there (metrics.csv, result.json and so on), the command that
made it (command.json) and what it complained of (stderr.txt). A run is *there* once its result.json
says that the very same command came to its end; then it is not made again.
"""

import argparse
import contextlib
import csv
import io
import json
import math
import os
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

TRAIN = os.environ.get("LAGRANGE_TRAIN") or str(Path(__file__).resolve().parent.parent / "train")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
OURS = ("out", "quiet", "seed", "threads")  # flags of ./train that are given here
USAGE, DIVERGED, IO, INTERRUPTED = 2, 3, 4, 130  # exit codes, ours and those of ./train


class Run:
    """One run of ./train: the command, its folder, and how it ended."""

    def __init__(self, folder, flags, seed):
        self.folder, self.flags, self.seed = Path(folder), flags, seed
        self.command = [TRAIN, "--quiet", "--threads", "1", *words_of(flags)]
        self.command += ["--seed", str(seed), "--out", str(folder)]

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        for stale in ("result.json", "evaluation.json"):  # of another command, or of half a run
            (self.folder / stale).unlink(missing_ok=True)
        with open(self.folder / "stderr.txt", "w") as errors:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                start_new_session=True,  # a Ctrl-C is for us; we pass it on
            )

    def ended(self):
        """Whether the process has; the command of one that left a result stands beside it then.

        Not before: ./train begins by deleting what is of an earlier run, its command too.
        """
        code = self.process.poll()  # asked once: it may end between two questions
        if code in (0, DIVERGED):
            write(self.folder / "command.json", json.dumps(self.command) + "\n")
        return code is not None

    def complaint(self):
        return (self.folder / "stderr.txt").read_text(errors="replace").strip()

    def failure(self):
        """Why there is no result, after the end of the process; None: there is one."""
        code = self.process.returncode
        if code in (0, DIVERGED) and self.result():
            return None
        said = self.complaint().splitlines() or ["it left no result"]
        return f"exit code {code}: {said[-1]}"

    def result(self):
        """What result.json says, if this command (wherever ./train lies) came to its end; or None."""
        try:
            command = json.loads((self.folder / "command.json").read_text())
            result = json.loads((self.folder / "result.json").read_text())
        except (OSError, ValueError):
            return None
        ended = result.get("status") in ("finished", "diverged")
        return result if ended and command[1:] == self.command[1:] else None

    def status(self):
        return (self.result() or {"status": "failed"})["status"]

    def number(self, key):
        """An entry of result.json, summed over the coordinates. None: there is no such entry.

        Infinity: it is NaN or Inf (which JSON calls null), or training diverged before it.
        """
        result = self.result() or {}
        if key not in result:
            return math.inf if result.get("status") == "diverged" else None
        entry = result[key] if isinstance(result[key], list) else [result[key]]
        return sum(math.inf if x is None else x for x in entry)

    def relative_error(self):
        """Of the accelerations, in units of the best constant prediction's: the mean over the coordinates.

        Unlike the errors themselves it has one meaning for coordinates of different units. A coordinate
        that never accelerates does not count.
        """
        error = self.number("acceleration_l1")
        if error is None or error == math.inf:
            return error
        counted = [x for x in self.result()["acceleration_l1_relative"] if x is not None]
        return statistics.fmean(counted) if counted else None

    def final_loss(self):
        return math.inf if self.status() == "diverged" else self.number("train_loss")


def words_of(flags):
    return [w for name, value in flags.items() for w in (f"--{name}", value) if w is not None]


def evaluated(folder):
    """The regions of its evaluation.json; {} if tools/evaluate has not been asked, or was an older one."""
    try:
        return json.loads((Path(folder) / "evaluation.json").read_text())["regions"]
    except (OSError, ValueError, KeyError):
        return {}


def make(runs, options):
    """Makes the runs that are not there, `options.jobs` at a time; returns those that failed.

    A failure does not keep the others from running, unless ./train does not understand its flags:
    that ends the program, and so does a Ctrl-C.
    """
    waiting = [run for run in runs if run.result() is None]
    there = len(runs) - len(waiting)
    if options.dry_run:
        print(f"# {there} of {len(runs)} runs are there; the others:")
        print(*(shlex.join(run.command) for run in waiting), sep="\n")
        raise SystemExit
    require_train()
    print(f"  {len(runs)} runs, {options.jobs} at a time; {there} are there already", flush=True)

    running, failed, begin = [], [], time.monotonic()
    with caught_signals() as signals:
        try:
            while waiting or running:
                while waiting and len(running) < options.jobs and not signals:
                    waiting[0].start()
                    running.append(waiting.pop(0))
                time.sleep(0.01)
                if signals:
                    end(f"\n  stopping {len(running)} runs (once more kills them); "
                        "the same command goes on from here", INTERRUPTED)
                for run in [run for run in running if run.ended()]:
                    running.remove(run)
                    if run.process.returncode == USAGE:
                        end(f"{shlex.join(run.command)}\n{run.complaint()}", USAGE)
                    failed += [run] if run.failure() else []
                    left = len(waiting) + len(running)
                    pace = (time.monotonic() - begin) / (len(runs) - there - left)
                    tell(run, len(runs) - left, len(runs), pace * left)
        finally:
            interrupt(running, signals)
    for run in failed:
        print(f"  failed: {run.folder}: {run.failure()}", file=sys.stderr)
    return failed


def require_train():
    if not shutil.which(TRAIN):
        raise SystemExit(f"{TRAIN} is not there: make builds it")


def tell(run, count, total, seconds_left):
    loss = run.final_loss()
    outcome = "failed" if loss is None else "diverged" if loss == math.inf else f"loss {loss:.4g}"
    done = f"{count:{len(str(total))}}/{total}"
    print(f"  {done}  {run.folder.name}   {outcome}   {duration(seconds_left)} left", flush=True)


def end(message, code):
    print(message, file=sys.stderr)
    raise SystemExit(code)


@contextlib.contextmanager
def caught_signals():
    """A list that grows by each Ctrl-C (or kill, or closed terminal), instead of an exception."""
    caught = []
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(kind, lambda number, _: caught.append(number)) for kind in kinds]
    try:
        yield caught
    finally:
        for kind, handler in zip(kinds, before):
            signal.signal(kind, handler)


def interrupt(running, signals):
    """Asks the runs to end, and waits for that; one more Ctrl-C kills them.

    It may have come already, right behind the first.
    """
    patience = min(len(signals), 1)
    for run in running:
        run.process.send_signal(signal.SIGINT)
    while any(run.process.poll() is None for run in running):
        if len(signals) > patience:
            for run in running:
                run.process.kill()
        time.sleep(0.01)


# ---------------------------------------------------------------- the command line


def parser(name, description, out, examples):
    """What the three tools have in common; `description` is the tool's docstring."""
    result = argparse.ArgumentParser(
        prog=f"tools/{name}", usage=f"tools/{name} [options] [-- flags of ./train]",
        description=description, epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("--seeds", type=whole_numbers, default=[0, 1, 2], metavar="N,N",
                        help="of the runs of each kind (default: 0,1,2)")
    result.add_argument("--out", type=Path, default=Path(out), metavar="FOLDER",
                        help="holds a folder for each run, and the results (default: %(default)s)")
    result.add_argument("--jobs", type=count, default=CORES, metavar="N",
                        help="runs at a time, of one thread each (default: %(default)s, the cores)")
    result.add_argument("--dry-run", action="store_true", help="list the commands, run nothing")
    return result


def parse(a_parser):
    """The options; `options.flags` is what follows `--`, as {flag of ./train: its value}."""
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    options = a_parser.parse_args(words[:cut])
    options.flags, name = {}, None
    for word in words[cut + 1 :]:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            options.flags[name] = value if equals else None
        elif name and options.flags[name] is None:
            options.flags[name] = word
        else:
            a_parser.error(f"after --: '{word}' is neither a flag nor the value of one")
    for name in options.flags:
        if name in OURS:
            a_parser.error(f"after --: --{name} is set by this program")
    return options


def budget(flags):
    """The flags, --steps instead of --steps-per-epoch, for that holds for a fixed set too.

    10 epochs of 1000 steps, where the flags do not say.
    """
    flags = {"epochs": "10", "steps-per-epoch": "1000", **flags}
    steps = numeric(int, flags, "epochs") * numeric(int, flags, "steps-per-epoch")
    del flags["steps-per-epoch"]
    return {"steps": str(steps), **flags}


def numeric(kind, flags, name):
    try:
        return kind(flags[name])
    except (TypeError, ValueError):
        end(f"after --: --{name} {flags[name]} is not a number", USAGE)


def whole_numbers(text):
    return list(dict.fromkeys(map(int, text.split(","))))


def count(text):
    if int(text) < 1:
        raise ValueError
    return int(text)


def names(text):
    return list(dict.fromkeys(text.split(",")))


def check_names(a_parser, given, known):
    for name in given:
        if name not in known:
            a_parser.error(f"'{name}' is unknown; choose from {', '.join(known)}")


# ---------------------------------------------------------------- results


def over_seeds(statistic, numbers):
    """The mean, median or max of those numbers that there are; None if there are none."""
    numbers = [x for x in numbers if x is not None]
    return statistic(numbers) if numbers else None


def median(numbers):
    return over_seeds(statistics.median, numbers)


def shown(number):
    return "-" if number is None else f"{number:.4g}"


def duration(seconds):
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def table(header, rows):
    """Markdown, its columns of one width; the first one to the left."""
    widths = [max(map(len, column)) for column in zip(header, *rows)]
    line = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    cells = lambda row: [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]
    return "\n".join(f"| {' | '.join(cells(row))} |" for row in (header, line, *rows))


def write(path, text):
    """All of it or nothing: a reader never meets half a file."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text)
    temporary.replace(path)


def write_json(path, content):
    def finite(x):  # JSON has no infinity
        if isinstance(x, dict):
            return {key: finite(value) for key, value in x.items()}
        if isinstance(x, list):
            return [finite(value) for value in x]
        return None if isinstance(x, float) and not math.isfinite(x) else x

    write(path, json.dumps(finite(content), indent=1) + "\n")


def write_csv(path, rows):
    """Rows are dicts with the same keys; None becomes an empty field."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write(path, text.getvalue())


def start(main):
    """Runs a tool: main returns the exit code; trouble with files is told, not traced."""
    try:
        sys.exit(main())
    except OSError as error:
        end(error, IO)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
