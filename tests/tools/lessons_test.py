"""tools/learn and tools/grade as their users meet them, over a build whose compiler is a stub.

The stub's programs pass each test of a lesson whose holes all hold the word `right`. A hole with the word
`syntax` does not compile, one with `crash` ends early, one with `loop` never does, one with `print` prints.
The last tests are with the real compiler, in the build folder that LAGRANGE_BUILD names.
"""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import lessons  # noqa: E402

REAL_BUILD = os.environ.get("LAGRANGE_BUILD")
STUB = f"""#!{sys.executable} -IS
import os, re, sys
at = sys.argv.index("-o")
source, program = sys.argv[at - 1], sys.argv[at + 1]
text = open(source).read()
holes = re.findall("// >>> your.*?// <<<", text, re.DOTALL)
if any("syntax" in hole for hole in holes):
    print(source + ":7:3: error: expected ';' before 'syntax'\\n    7 |   syntax\\n      |   ^\\n" + "wall\\n" * 99, file=sys.stderr)
    sys.exit(1)
right = all("right" in hole for hole in holes)
case = '<TestCase name="%s" line="7">%s<OverallResultsAsserts test_case_success="%s"/></TestCase>'
why = '<Expression success="false"><Info>the slope should be 6</Info></Expression>'
said = "".join(case % (k, "" if right else why, str(right).lower()) for k in range(len(re.findall("^TEST_CASE", text, re.M))))
with open(program, "w") as file:
    file.write("#!{sys.executable} -IS\\nimport time\\n")
    if any("loop" in hole for hole in holes):
        file.write("time.sleep(60)\\n")
    if any("print" in hole for hole in holes):
        file.write("print('a < b')\\n" * 30)
    if not any("crash" in hole for hole in holes):
        file.write("import sys\\nout = next(word for word in sys.argv if word.startswith('--out='))[6:]\\n")
        file.write("open(out, 'w').write('<doctest>' + %r + '</doctest>')\\n" % said)
os.chmod(program, 0o755)
"""


class LessonsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="lessons_test_")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.course = lessons.every()
        (self.folder / "build" / "lessons").mkdir(parents=True)
        self.script("cc", STUB)
        library = self.folder / "library.a"
        library.write_text("")
        (self.folder / "build" / "lessons" / "link.txt").write_text(f"{library}\n")
        (self.folder / "build" / "compile_commands.json").write_text(json.dumps(
            [{"file": str(lesson.path), "command": f"{self.folder / 'cc'} -O1 -o x.o -c {lesson.path}"}
             for lesson in self.course]))
        self.environment = {**os.environ, "LAGRANGE_BUILD": str(self.folder / "build"),
                            "LAGRANGE_LESSONS": str(self.folder / "mine"), "TERM": "dumb"}

    def script(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def tool(self, name, *words):
        return subprocess.run([sys.executable, "-B", ROOT / "tools" / name, *map(str, words)], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, env=self.environment, cwd=self.folder)

    def learn(self, *words, code=0):
        ended = self.tool("learn", *words)
        self.assertEqual(ended.returncode, code, ended.stdout + ended.stderr)
        return ended.stdout + ended.stderr

    def mine(self, k):
        return self.folder / "mine" / self.course[k].path.name

    def write(self, k, word, folder="mine"):
        """The lesson with a word in each of its holes."""
        text = self.course[k].text
        path = self.folder / folder / self.course[k].path.name
        path.parent.mkdir(exist_ok=True)
        path.write_text(lessons.filled(text, [f"{word}\n"] * len(lessons.holes(text))))

    def solved(self):
        return json.loads((self.folder / "mine" / "progress.json").read_text())["solved"]

    # ---------------------------------------------------------------- tools/learn

    def test_first_use_copies_the_first_lesson_and_says_what_it_lacks(self):
        said = self.learn(code=1)
        self.assertIn("0 of 16 lessons solved", said)
        self.assertIn("the slope should be 6", said)
        self.assertIn("mine/01_central_difference.cpp:7", said)
        self.assertEqual(self.mine(0).read_text(), self.course[0].text)

    def test_a_solved_lesson_is_praised_beside_its_solution_and_the_next_is_met(self):
        self.write(0, "right")
        said = self.learn()
        self.assertIn("the solution", said)
        self.assertIn(self.course[0].solution[0].strip(), said)
        self.assertIn("autodiff/check/gradcheck.cpp", said)
        self.assertEqual(self.solved(), ["01"])
        self.assertIn("Lesson 02", self.learn(code=1))

    def test_any_lesson_can_be_begun(self):
        self.assertIn("Lesson 05", self.learn("--lesson", "5", code=1))
        self.assertIn("'17'", self.learn("--lesson", "17", code=2))

    def test_a_compiler_error_is_one_error(self):
        self.write(0, "syntax")
        said = self.learn(code=1)
        self.assertIn("expected ';'", said)
        self.assertNotIn("wall", said)

    def test_a_program_that_ends_early_is_told(self):
        self.write(0, "crash")
        self.assertIn("ended before its tests did", self.learn(code=1))

    def test_hints_are_of_the_lesson_that_is_next(self):
        self.assertIn(self.course[0].hints[1], self.learn("--hint", "2"))
        self.assertIn(self.course[4].hints[0], self.learn("--lesson", "05", "--hint", "1"))
        self.assertIn("choose from", self.learn("--hint", "4", code=2))

    def test_reset_keeps_the_old_files_and_forgets_that_it_was_solved(self):
        for word in ("right first", "right second"):
            self.write(0, word)
            self.learn("--lesson", "1")
            self.learn("--reset", "01")
        self.assertEqual(self.mine(0).read_text(), self.course[0].text)
        self.assertEqual(self.solved(), [])
        for k, word in enumerate(("first", "second"), 1):
            self.assertIn(word, self.mine(0).with_suffix(f".{k}.old").read_text())

    def test_broken_progress_is_told_and_kept(self):
        (self.folder / "mine").mkdir()
        for broken in ("[", "[]", "{}", '{"solved": "01"}', '{"solved": [1]}', "\0", "[" * 100_000):
            (self.folder / "mine" / "progress.json").write_text(broken)
            self.assertIn('must hold {"solved": ["01", ...]}', self.learn(code=4))
            self.assertEqual((self.folder / "mine" / "progress.json").read_text(), broken)

    def test_what_a_learner_prints_is_shown_and_harms_no_result(self):
        self.write(0, "right print")
        said = self.learn()
        self.assertIn("Solved.", said)
        self.assertEqual(said.count("a < b"), 20)
        self.assertIn("and 10 lines more", said)

    def test_broken_marks_are_told_before_anything_is_compiled(self):
        self.write(0, "right")
        whole = self.mine(0).read_text()
        for broken, words in [(whole.replace("// <<<", "//", 1), "the mark '// <<<' that ends this hole is missing"),
                              (whole.replace("// >>>", "//", 1), "found: 1")]:
            self.mine(0).write_text(broken)
            self.assertIn(words, self.learn(code=1))
        self.mine(0).write_bytes(whole.replace("\n", "\r\n").encode())
        self.assertNotIn("outside of the marks", self.learn())

    def test_a_change_outside_of_the_marks_is_told(self):
        self.write(0, "right")
        self.mine(0).write_text("#include <iostream>\n" + self.mine(0).read_text())
        self.assertIn("outside of the marks", self.learn())

    def test_a_build_that_is_not_ready_is_told(self):
        (self.folder / "library.a").unlink()
        self.assertIn("make lessons-ready", self.learn(code=4))

    def test_the_end_of_the_course(self):
        for k in range(16):
            self.write(k, "right")
            self.learn()
        self.assertIn("16 of 16", self.learn())

    def test_on_a_terminal_it_watches_takes_keys_and_ends_by_ctrl_c(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([sys.executable, "-B", ROOT / "tools" / "learn"], stdin=slave, stdout=slave,
                                   stderr=slave, env=self.environment, cwd=self.folder,
                                   # A shell has its background jobs ignore it.
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.addCleanup(process.kill)

        def until(words):
            said, patience = "", time.monotonic() + 60
            while words not in said:
                self.assertLess(time.monotonic(), patience, said)
                if select.select([master], [], [], 0.1)[0]:
                    said += os.read(master, 65536).decode()

        until("h: a hint")
        os.write(master, b"h\n")
        until(self.course[0].hints[0].split("\n")[0])
        self.write(0, "right")
        until("Enter: the next lesson")
        os.write(master, b"\n")
        until("Lesson 02")
        until("h: a hint")
        os.write(master, b"n\n")
        until("Lesson 03")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130)
        self.assertEqual(self.solved(), ["01"])
        os.close(master)
        os.close(slave)

    # ---------------------------------------------------------------- tools/grade

    def grade(self, *words, code=0):
        ended = self.tool("grade", *words)
        self.assertEqual(ended.returncode, code, ended.stdout + ended.stderr)
        return ended.stdout + ended.stderr

    def graded(self, *words):
        result = json.loads(self.grade("theirs", "--json", *words))
        return result, {one["lesson"][:2]: one for one in result["lessons"]}

    def test_every_status(self):
        for k, word in enumerate(["right", "wrong", "syntax", "crash", "loop"]):
            self.write(k, word, "theirs")
        theirs = [self.folder / "theirs" / lesson.path.name for lesson in self.course]
        theirs[5].write_text(self.course[5].text.replace("// <<<", ""))
        os.mkfifo(theirs[7])
        theirs[8].mkdir()
        theirs[9].symlink_to("nowhere")
        theirs[10].write_bytes(b"\xff\0")
        theirs[11].write_text(self.course[11].text + " " * 1_000_000)
        result, one = self.graded("--seconds", "4")
        self.assertEqual([one[f"{k:02}"]["status"] for k in range(1, 14)],
                         ["solved", "unsolved", "not compiled", "stopped", "stopped", "unreadable", "missing",
                          *["unreadable"] * 5, "missing"])
        self.assertEqual(one["01"]["points"], self.course[0].cases)
        self.assertIn("should be 6", one["02"]["message"])
        self.assertIn("after 4 s", one["05"]["message"])
        self.assertEqual(result["points"], self.course[0].cases)
        self.assertEqual(result["of"], sum(lesson.cases for lesson in self.course))

    def test_only_what_stands_in_the_holes_counts(self):
        self.write(0, "wrong", "theirs")
        path = self.folder / "theirs" / self.course[0].path.name
        path.write_text(re.sub(r"^TEST_CASE.*?^}", "", path.read_text(), flags=re.MULTILINE | re.DOTALL) + "// right")
        _, one = self.graded()
        self.assertEqual((one["01"]["points"], one["01"]["of"]), (0, self.course[0].cases))

    def test_further_tests_in_a_folder(self):
        self.write(0, "right", "theirs")
        (self.folder / "more").mkdir()
        (self.folder / "more" / self.course[0].path.name).write_text('TEST_CASE("further") {}\n')
        _, one = self.graded("--hidden", "more")
        self.assertEqual((one["01"]["points"], one["01"]["of"]), (self.course[0].cases + 1,) * 2)

    def test_a_hook(self):
        self.write(0, "right", "theirs")
        self.write(1, "wrong", "theirs")
        self.script("hook", '#!/bin/sh\n[ "$1" = 01_central_difference ] && grep -q right "$2" && echo 2/5\nexit 0\n')
        _, one = self.graded("--hidden", "hook")
        self.assertEqual((one["01"]["points"], one["01"]["of"]), (self.course[0].cases + 2, self.course[0].cases + 5))
        self.assertEqual((one["02"]["points"], one["02"]["of"]), (1, self.course[1].cases + 1))
        for wrong in ("many", "-1/2", "3/2", "1/2 1/2"):
            self.script("hook", f"#!/bin/sh\necho {wrong}\n")
            self.assertIn(f"'{wrong}'", self.grade("theirs", "--hidden", "hook", code=4))
        self.script("hook", "#!/bin/sh\nprintf '\\377'\n")
        self.assertIn("it must print points", self.grade("theirs", "--hidden", "hook", code=4))

    def test_a_table_and_what_is_not_there(self):
        self.write(0, "right", "theirs")
        self.assertIn("| 01_central_difference |    3/3 |", self.grade("theirs"))
        self.assertIn("is not a folder", self.grade("nowhere", code=4))
        self.assertIn("holds no lesson", self.grade("build", code=4))
        self.assertIn("is not there", self.grade("theirs", "--hidden", "nowhere", code=4))
        self.grade("theirs", "--seconds", "0", code=2)

    # ---------------------------------------------------------------- the course

    def test_every_lesson_has_three_hints_a_solution_for_each_hole_and_a_row_on_the_page(self):
        page = (lessons.FOLDER / "README.md").read_text()
        for lesson in self.course:
            self.assertEqual(len(lesson.hints), 3, lesson.name)
            self.assertEqual(len(lesson.solution), len(lessons.holes(lesson.text)), lesson.name)
            self.assertLessEqual(lesson.solution[0].count("\n"), 15, lesson.name)
            self.assertIn("// >>> your prediction", lesson.text)
            self.assertRegex(page, rf"\| \[{lesson.number}\]\({lesson.path.name}\) \|.*\| {lesson.minutes} \|")
        teaching = (lessons.FOLDER / "teaching.md").read_text()
        self.assertIn(f"{sum(lesson.cases for lesson in self.course)} in all", teaching)
        self.assertIn(f"{sum(lesson.minutes for lesson in self.course) / 60:.0f} hours", page)

    @unittest.skipUnless(REAL_BUILD, "LAGRANGE_BUILD names no build folder")
    def test_the_real_compiler(self):
        self.environment["LAGRANGE_BUILD"] = REAL_BUILD
        self.learn("--once", code=1)
        self.mine(0).write_text(self.course[0].solved())
        begin = time.monotonic()
        self.assertIn("Solved.", self.learn("--once"))
        print(f"a check takes {time.monotonic() - begin:.1f} s")
        self.assertEqual(list((Path(REAL_BUILD) / "lessons").glob("learn_*")), [])

    def of_the_real_compiler(self, k, code):
        """What learn says of a lesson with this code in its first hole."""
        self.environment["LAGRANGE_BUILD"] = REAL_BUILD
        text = self.course[k].text
        self.mine(k).parent.mkdir(exist_ok=True)
        self.mine(k).write_text(lessons.filled(text, [code, *lessons.contents(text)[1:]]))
        return self.learn("--lesson", str(k + 1), code=1)

    @unittest.skipUnless(REAL_BUILD, "LAGRANGE_BUILD names no build folder")
    def test_an_empty_hole_passes_nothing(self):
        self.assertIn("return", self.of_the_real_compiler(0, ""))

    @unittest.skipUnless(REAL_BUILD, "LAGRANGE_BUILD names no build folder")
    def test_an_index_out_of_range_and_output_without_end_are_told_in_words(self):
        self.assertIn("An index is out of range", self.of_the_real_compiler(2, "  adjoint[-1] = 0;\n"))
        self.assertIn("printed more than 1 MB", self.of_the_real_compiler(2, '  while (true) puts("endless");\n'))


if __name__ == "__main__":
    unittest.main()
