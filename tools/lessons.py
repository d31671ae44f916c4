"""The lessons of docs/lessons, for tools/learn, tools/grade and the tests.

A lesson is a C++ file. What a learner writes stands between two marks, and a lesson may have several such
holes: one of code, and one for each prediction. All the rest, the tests among it, is the lesson's. Its hints
and its solution are in the folder answers, in a file of the same name.
"""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import tempfile
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path

import runs

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "lessons"
BUILD = Path(os.environ.get("LAGRANGE_BUILD") or ROOT / "build").resolve()
BEGIN = re.compile(r"^[ \t]*// >>> your (?:code|prediction)[ \t]*\n", re.MULTILINE)
END = re.compile(r"^[ \t]*// <<<[ \t]*$", re.MULTILINE)


class Broken(Exception):
    """A lesson, or a learner's copy of one, that cannot be read."""


class Lesson:
    def __init__(self, path):
        self.path, self.name, self.number = path, path.stem, path.stem[:2]
        self.text = path.read_text()
        head = re.match(r"// Lesson (\d\d): (.+) \((\d+) minutes\)\n", self.text)
        if not head or head[1] != self.number:
            raise Broken(f"{path}: the first line must be '// Lesson {self.number}: title (10 minutes)'")
        self.title, self.minutes = head[2], int(head[3])
        self.cases = count_of_cases(self.text)
        answers = (path.parent / "answers" / (path.stem + ".md")).read_text()
        sections = dict(re.findall(r"^## ([^\n]+)\n\n(.*?)\n*(?=^## |\Z)", answers, re.MULTILINE | re.DOTALL))
        self.hints = [text for name, text in sections.items() if name.startswith("Hint")]
        self.solution = re.findall(r"^```cpp\n(.*?)^```", sections["Solution"] + "\n", re.MULTILINE | re.DOTALL)
        self.shipped = sections["In the project"]

    def solved(self):
        return filled(self.text, self.solution)


def every():
    return [Lesson(path) for path in sorted(FOLDER.glob("[0-9][0-9]_*.cpp"))]


def count_of_cases(text):
    return len(re.findall(r"^TEST_CASE\(", text, re.MULTILINE))


def holes(text):
    """Where each hole is, from the line after its first mark to its last: [(begin, end)]."""
    found, at = [], 0
    while begin := BEGIN.search(text, at):
        end = END.search(text, begin.end())
        if not end or BEGIN.search(text, begin.end(), end.start()):
            line = text.count("\n", 0, begin.start()) + 1
            raise Broken(f"line {line}: the mark '// <<<' that ends this hole is missing")
        found.append((begin.end(), end.start()))
        at = end.end()
    return found


def contents(text):
    """What stands in each hole."""
    return [text[begin:end] for begin, end in holes(text)]


def filled(text, fillings):
    """The text with other holes' contents in place of its own."""
    places = holes(text)
    if len(places) != len(fillings):
        raise Broken(f"{len(places)} holes must stand between the marks '// >>> your ...' and '// <<<'; "
                     f"found: {len(fillings)}")
    for (begin, end), filling in reversed(list(zip(places, fillings))):
        text = text[:begin] + filling + text[end:]
    return text


# ---------------------------------------------------------------- compiled


def require_ready():
    """Throws where the build lacks what a lesson is compiled with."""
    missing = next((path for path in [BUILD / "compile_commands.json", *map(Path, linked())] if not path.exists()), None)
    if missing:
        raise Broken(f"{missing} is not there: make lessons-ready builds what a lesson needs")


def linked():
    """The files that a lesson is linked with."""
    try:
        return (BUILD / "lessons" / "link.txt").read_text().splitlines()
    except FileNotFoundError:
        raise Broken(f"{BUILD} is not there yet: make lessons-ready builds what a lesson needs") from None


def command(lesson, source, program):
    """Compiles and links one file the way that the build compiles the lesson."""
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    entry = next((e for e in entries if Path(e["file"]) == lesson.path), None)
    if not entry:
        raise Broken(f"{BUILD}/compile_commands.json lacks {lesson.path.name}: make lessons-ready asks CMake again")
    words = shlex.split(entry["command"])
    cut = words.index("-o")
    flags = words[:cut]  # behind them stand -o, -c and the file
    # A function without its return may do anything, and so pass any test.
    return [*flags, "-Wno-error", "-Werror=return-type", str(source), "-o", str(program), *linked()]


def compiled(lesson, source, program, seconds=120):
    """Compiles a learner's file; what the compiler says against it, or None."""
    try:
        compiler = subprocess.run(command(lesson, source, program), cwd=BUILD, capture_output=True, text=True,
                                  errors="replace", timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"the compiler was stopped after {seconds} s"
    return None if compiler.returncode == 0 else first_error(compiler.stderr)


def first_error(text):
    """The first error with its line of code; the notes and all that follows from it are left out."""
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if re.search(r"\berror:|undefined reference", line)), None)
    if first is None:
        return text.strip() or "the compiler failed without a word"
    code = [line for line in lines[first + 1 : first + 3] if re.match(r"\s*\d* \|", line)]
    return "\n".join([lines[first].replace(f"{ROOT}/", ""), *code])


# ---------------------------------------------------------------- run


@dataclass
class Case:
    name: str
    line: int
    passed: bool
    messages: list


@dataclass
class Outcome:
    cases: list = field(default_factory=list)
    trouble: str = ""  # why there is no full list of cases
    printed: str = ""  # by the learner's own lines

    @property
    def passed(self):
        return not self.trouble and all(case.passed for case in self.cases)

    @property
    def points(self):
        return 0 if self.trouble else sum(case.passed for case in self.cases)


CAUSES = {
    signal.SIGSEGV: "It used memory that is not its own. Is an index or a pointer wrong, or does a function call itself "
                    "without end?",
    signal.SIGXFSZ: "It printed more than 1 MB. Does a loop never end?",
}


def run(program, cases, seconds=10, megabytes=2048, extra=()):
    """Runs a compiled lesson of so many test cases, within limits, and reads what they say."""
    # By the shell, since Python's own way (preexec_fn) may hang where several threads start programs.
    limits = f"ulimit -c 0; ulimit -f 2048; ulimit -t {seconds + 1}; ulimit -v {megabytes << 10}"
    # Two files: what a learner's line prints must not get between the results. And files have a limit.
    with tempfile.TemporaryDirectory(prefix="lesson_") as folder:
        results, printed = Path(folder, "results.xml"), Path(folder, "printed.txt")
        words = ["sh", "-c", f'{{ {limits}; }} 2>/dev/null; exec "$0" "$@"', str(program), f"--out={results}"]
        words += ["--reporters=xml", "--no-skipped-summary", *extra]
        with printed.open("w") as output:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                       env={**os.environ, "OMP_NUM_THREADS": "1"}, start_new_session=True)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return Outcome(trouble=f"It still ran after {seconds} s and was stopped. Does a loop never end?")
        finally:
            with contextlib.suppress(ProcessLookupError):  # what it started goes with it
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return outcome_of(results.read_text(errors="replace") if results.exists() else "",
                          printed.read_text(errors="replace"), code, cases)


def outcome_of(said, printed, code, count):
    try:
        nodes = xml.fromstring(said).iter("TestCase")
    except xml.ParseError:  # it is cut off
        nodes = []
    cases = [case_of(node) for node in nodes if node.find("OverallResultsAsserts") is not None]
    if len(cases) == count:
        return Outcome(cases, "", printed)
    if len(cases) > count:
        return Outcome(cases, f"It has {len(cases)} tests, but the lesson has {count}.", printed)
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    why = [f"It ended in test {len(cases)} of {count} ({how})." if cases else f"It ended before its tests did ({how})."]
    if failed := re.search(r"^.*(Assertion '.*' failed).*\n?", printed, re.MULTILINE):  # of a standard container
        printed = printed.replace(failed[0], "")
        why.append(f"{'An index is out of range' if 'size()' in failed[1] else 'A container is misused'}: {failed[1]}.")
    elif cause := CAUSES.get(-code):
        why.append(cause)
    return Outcome(cases, "\n".join(why), printed)


def case_of(node):
    """A test case as doctest's XML tells of it; every failure in words where it has some."""
    messages = []
    for found in node.iter():
        if found.tag == "Expression" and found.get("success") == "false":
            words = [info.text.strip() for info in found.iter("Info")]
            for exception in found.iter("Exception"):
                words.append(f"it threw: {exception.text.strip()}")
            messages.append("\n".join(words) or found.findtext("Expanded", "").strip())
        elif found.tag == "Message" and found.get("type") != "WARNING":
            messages.append(found.findtext("Text", "").strip())
    for exception in node.findall("Exception"):
        messages.append("it crashed" if exception.get("crash") == "true" else f"it threw: {exception.text.strip()}")
    passed = node.find("OverallResultsAsserts").get("test_case_success") == "true"
    return Case(node.get("name"), int(node.get("line")), passed, messages)


def start(main):
    """Runs a tool: as runs.start, and a lesson that cannot be read ends it too."""
    def told():
        try:
            return main()
        except Broken as error:
            runs.end(error, runs.IO)
    runs.start(told)
