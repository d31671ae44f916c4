"""What must hold of every lesson of docs/lessons.

    python3 lessons.py solve NAME FILE        writes the lesson with its solution in place of its holes
    python3 lessons.py fails NAME PROGRAM     as the learner finds it, each of its tests fails, in words
    python3 lessons.py passes NAME PROGRAM    with its solution, each passes
    python3 lessons.py shipped NAME           its solution is the project's own code, where it says so
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import lessons  # noqa: E402


def solve(lesson, path):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(lesson.solved())


def outcome(lesson, program):
    return lessons.run(program, lesson.cases, extra=[f"--source-file=*{lesson.name}.cpp"])


def fails(lesson, program):
    found = outcome(lesson, program)
    if found.trouble:
        sys.exit(found.trouble)
    for case in found.cases:
        if case.passed:
            sys.exit(f"'{case.name}' passes before anything is solved")
        for message in case.messages:
            if not re.search("[a-z]{2,} [a-z]{2,}", message) or message.startswith(("it threw", "it crashed")):
                sys.exit(f"'{case.name}' fails without words: {message}")
        print(case.name, *case.messages, sep="\n  ")


def passes(lesson, program):
    found = outcome(lesson, program)
    if not found.passed:
        sys.exit("\n".join([found.trouble, *(m for case in found.cases for m in [case.name, *case.messages])]))


def lines_of(text):
    return [line.split("//")[0].strip() for line in text.splitlines() if line.strip()]


def shipped(lesson):
    """'Literally in [a file]': the lines of the solution stand there, whatever their indentation. 'Like
    `name` in [a file]': the name stands there."""
    said = re.match(r"(Literally|Like `(\w+)`) in \[([\w/.]+)\]\(\.\./\.\./\.\./\3\)", lesson.shipped)
    if not said:
        sys.exit(f"'In the project' does not begin with 'Literally in [file](link)' or 'Like `name` in [file](link)':\n"
                 f"{lesson.shipped}")
    path = lessons.ROOT / said[3]
    if not path.is_file():
        sys.exit(f"{said[3]} is not there")
    if said[2]:
        if not re.search(rf"\b{said[2]}\b", path.read_text()):
            sys.exit(f"{said[3]} has no '{said[2]}'")
        return
    wanted, there = lines_of(lesson.solution[0]), lines_of(path.read_text())
    if not any(there[k : k + len(wanted)] == wanted for k in range(len(there))):
        sys.exit(f"{said[3]} does not have these lines:\n{lesson.solution[0]}")


if __name__ == "__main__":
    what, name, *rest = sys.argv[1:]
    {"solve": solve, "fails": fails, "passes": passes, "shipped": shipped}[what](
        lessons.Lesson(lessons.FOLDER / f"{name}.cpp"), *rest)
