"""tools/sweep, tools/ablate and tools/compare as their users meet them, over a ./train that is a stub; and
tools/motions.py, what tools/plot reads.

The stub's loss is 10 lr + batch / 100 + seed / 1000 after its second epoch, twice that after its first,
and a rate above 1 diverges; so every table is known beforehand. One test, the last, is with the real
./train.
"""

import csv
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from types import SimpleNamespace

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))
import motions  # noqa: E402
import runs  # noqa: E402
REAL_TRAIN = os.environ.get("LAGRANGE_TRAIN") or str(TOOLS.parent / "train")

STUB = f"""#!{sys.executable} -IS
import json, os, signal, sys, time
if "--no-such-flag" in sys.argv:
    print("no such flag\\nSee ./train --help", file=sys.stderr)
    sys.exit(2)
if "--list-models" in sys.argv:
    print("lnn: a Lagrangian network\\nhnn: a Hamiltonian network\\nmlp: accelerations without physics")
    sys.exit(0)
words = [w for w in sys.argv[1:] if w not in ("--quiet", "--dry-run")]
flags = dict(zip(words[::2], words[1::2]))
if "--dry-run" in sys.argv:
    unfit = flags["--model"] == "hnn" and "--data" in flags
    if unfit:
        print("--model hnn needs the true momenta", file=sys.stderr)
    sys.exit(2 if unfit else 0)
out, seed, lr = flags["--out"], int(flags["--seed"]), float(flags.get("--lr", 0.01))
open("calls", "a").write(out + "\\n")
def interrupted(*_):
    open("interrupted", "a").write(out + "\\n")
    if not os.path.exists("stubborn"):
        sys.exit(130)
if os.path.exists("hang"):
    parent = os.getppid()
    signal.signal(signal.SIGINT, interrupted)
    open("hanging", "a").write(str(os.getpid()) + "\\n")
    while os.getppid() == parent:  # nobody is left behind by a test that fails
        time.sleep(0.01)
    sys.exit(1)
if flags.get("--batch") == "13":
    print("a word before\\ntrain: 13 is unlucky", file=sys.stderr)
    sys.exit(4)
diverged = lr > 1
loss = 10 * lr + int(flags.get("--batch", 64)) / 100 + seed / 1000
with open(out + "/metrics.csv", "w") as file:
    file.write("epoch,loss,learning_rate,seconds\\n1,%.10g,0.1,1\\n" % (2 * loss))
    if not diverged:
        file.write("2,%.10g,0.1,2\\n" % loss)
result = dict(status="diverged" if diverged else "finished", wall_s=2.0, train_loss=loss, parameters=65)
if not diverged:
    energy = None if flags.get("--model") == "mlp" else 0.5
    relative = [loss, 3 * loss, None]  # the third never accelerates
    result |= dict(acceleration_l1=3 * loss, acceleration_l1_relative=relative, energy_error=energy)
with open(out + "/result.json", "w") as file:
    json.dump(result, file)
sys.exit(3 if diverged else 0)
"""

EVALUATE = f"""#!{sys.executable} -IS
import json, sys
with open(sys.argv[1] + "/evaluation.json", "w") as file:
    region = dict(valid_seconds=dict(model=dict(median=7.5)), lyapunov_exponent=0.5)
    json.dump(dict(regions=dict(training=region)), file)
"""


class ToolsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="runs_test_")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.train = self.script("train", STUB)

    def script(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def start(self, command, evaluate="none"):
        tool, *words = command.split()
        return subprocess.Popen(
            [sys.executable, "-B", "-S", TOOLS / tool, *words], cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,  # as a terminal does
            env={**os.environ, "LAGRANGE_TRAIN": self.train, "LAGRANGE_EVALUATE": evaluate},
        )

    def run_tool(self, command, code=0, **more):
        process = self.start(command, **more)
        self.out, self.err = process.communicate()
        self.assertEqual(process.returncode, code, self.out + self.err)

    def lines(self, name):
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def json(self, name):
        return json.loads((self.folder / name).read_text())

    def table(self):
        """The printed table: the first cell of a line, and the others."""
        lines = [line.split("|")[1:-1] for line in self.out.splitlines() if line.startswith("| ")]
        return {line[0].strip(): [cell.strip() for cell in line[1:]] for line in lines}

    def wait_for_lines(self, process, name, count):
        """Until the file has so many, however slow the machine is; in vain once the process ended."""
        while len(self.lines(name)) < count:
            self.assertIsNone(process.poll(), f"{name}: {self.lines(name)}")
            time.sleep(0.01)

    # ------------------------------------------------------------ sweep

    def test_a_grid_by_seeds_is_a_run_each_and_its_table_is_right(self):
        self.run_tool("sweep --grid batch=4,16 --grid lr=1e-3,3e-3 --seeds 0,2 --out o")
        names = [f"o/batch-{batch}_lr-{lr}_seed-{seed}"
                 for batch in (4, 16) for lr in (0.001, 0.003) for seed in (0, 2)]
        self.assertEqual(sorted(self.lines("calls")), sorted(names))
        self.assertIn("""
| batch \\ lr |     0.001 | 0.003 |
| ---------- | --------: | ----: |
| 4          | **0.051** | 0.071 |
| 16         |     0.171 | 0.191 |

Best model: o/batch-4_lr-0.001_seed-0/, loss 0.05, relative error of the accelerations 0.1
""", self.out)
        saved = self.json("o/sweep.json")
        self.assertEqual(saved["axes"], {"batch": [4, 16], "lr": [0.001, 0.003]})
        self.assertEqual((saved["seeds"], saved["epochs"]), ([0, 2], [1, 2]))
        self.assertEqual(saved["loss"], [
            [[[0.1, 0.05], [0.104, 0.052]], [[0.14, 0.07], [0.144, 0.072]]],
            [[[0.34, 0.17], [0.344, 0.172]], [[0.38, 0.19], [0.384, 0.192]]],
        ])
        self.assertEqual(saved["best"]["run"], names[0])
        with open(self.folder / "o/loss.csv") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 16)
        self.assertEqual(list(rows[5]), ["batch", "lr", "seed", "epoch", "loss"])
        self.assertEqual(list(rows[5].values()), ["4", "0.003", "0", "2", "0.07"])

    def test_without_a_grid_it_is_the_slides(self):
        self.run_tool("sweep --seeds 0 --dry-run")
        commands = self.out.splitlines()[1:]
        self.assertEqual(len(commands), 9)
        self.assertIn("--threads 1 --preset seed --batch 4 --lr 0.001 --seed 0", commands[0])
        self.assertEqual(self.lines("calls"), [])

    def test_three_axes_are_a_list_and_semicolons_part_values_with_commas(self):
        self.run_tool("sweep --grid batch=4 --grid lr=0.01 --grid hidden=8,8;16 --seeds 0 --out o")
        self.assertIn("| 4     | 0.01 |    8,8 |   **0.14** |", self.out)
        command = self.json("o/batch-4_lr-0.01_hidden-8,8_seed-0/command.json")
        self.assertEqual(command[-6:-4], ["--hidden", "8,8"])

    def test_what_is_there_is_not_run_again(self):
        self.run_tool("sweep --grid batch=4,16 --seeds 0,1 --out o")
        first = self.out[self.out.index("Final loss"):]
        self.run_tool("sweep --grid batch=4,16 --seeds 0,1 --out o")
        self.assertEqual(len(self.lines("calls")), 4)
        self.assertIn("4 are there already", self.out)
        self.assertTrue(self.out.endswith(first))
        self.run_tool("sweep --grid batch=4,16,64 --seeds 0,1 --out o")  # more of it
        self.assertEqual(len(self.lines("calls")), 6)

    def test_another_command_in_the_same_folder_is_run(self):
        self.run_tool("sweep --grid batch=4 --seeds 0 --out o")
        self.run_tool("sweep --grid batch=4 --seeds 0 --out o -- --epochs 3")
        self.assertEqual(len(self.lines("calls")), 2)

    def test_a_run_may_end_between_two_looks_at_it(self):
        run = runs.Run(self.folder, {}, seed=0)
        run.process = SimpleNamespace(poll=iter([None, 0]).__next__)
        while not run.ended():
            self.assertEqual(self.lines("command.json"), [])
        self.assertEqual(self.json("command.json"), run.command)

    @unittest.skipUnless(os.access(REAL_TRAIN, os.X_OK), "./train is not built")
    def test_a_folder_that_was_used_by_hand_is_run_again(self):
        self.train = REAL_TRAIN
        sweep = "sweep --grid lr=1e-3 --seeds 0 --out o -- --steps 4 --batch 8 --rollouts 0 --preset default"
        self.run_tool(sweep)
        self.run_tool(sweep)
        self.assertIn("1 are there already", self.out)
        subprocess.run([REAL_TRAIN, *"--quiet --steps 4 --batch 8 --rollouts 0 --seed 9".split(),
                        "--out", "o/lr-0.001_seed-0"], cwd=self.folder, check=True)
        self.run_tool(sweep)
        self.assertIn("0 are there already", self.out)
        self.assertEqual(self.json("o/lr-0.001_seed-0/result.json")["seed"], 0)

    def test_a_run_without_an_end_is_run_again(self):
        self.run_tool("sweep --grid batch=4,16,64 --seeds 0 --out o")
        (self.folder / "o/batch-4_seed-0/result.json").unlink()
        (self.folder / "o/batch-16_seed-0/result.json").write_text('{"status": "interrupted"}')
        self.run_tool("sweep --grid batch=4,16,64 --seeds 0 --out o")
        self.assertEqual(sorted(self.lines("calls")[3:]), ["o/batch-16_seed-0", "o/batch-4_seed-0"])

    def test_ctrl_c_stops_the_runs_and_the_same_command_goes_on(self):
        self.run_tool("sweep --grid batch=4 --seeds 0 --out o")
        (self.folder / "hang").touch()
        process = self.start("sweep --grid batch=4,16,64 --seeds 0 --out o --jobs 2")
        self.wait_for_lines(process, "hanging", 2)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate()
        self.assertEqual(process.returncode, 130)
        self.assertIn("the same command goes on from here", err)
        self.assertEqual(sorted(self.lines("interrupted")), ["o/batch-16_seed-0", "o/batch-64_seed-0"])
        (self.folder / "hang").unlink()
        self.run_tool("sweep --grid batch=4,16,64 --seeds 0 --out o")
        self.assertIn("1 are there already", self.out)
        self.assertIn("**0.14**", self.out)

    def test_a_second_ctrl_c_kills(self):
        (self.folder / "hang").touch()
        (self.folder / "stubborn").touch()
        process = self.start("sweep --grid batch=4 --seeds 0 --out o")
        self.wait_for_lines(process, "hanging", 1)
        os.killpg(process.pid, signal.SIGINT)
        self.wait_for_lines(process, "interrupted", 1)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate()
        self.assertEqual(process.returncode, 130)
        with self.assertRaises(ProcessLookupError):
            os.kill(int(self.lines("hanging")[0]), 0)

    def test_two_signals_at_once_kill(self):
        (self.folder / "hang").touch()
        (self.folder / "stubborn").touch()
        process = self.start("sweep --grid batch=4 --seeds 0 --out o")
        self.wait_for_lines(process, "hanging", 1)
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGTERM)  # two of one kind might be seen as one
        process.communicate()
        self.assertEqual(process.returncode, 130)

    def test_a_failed_run_is_named_and_the_others_go_on(self):
        self.run_tool("sweep --grid batch=4,13,64 --seeds 0 --out o", code=1)
        self.assertIn("failed: o/batch-13_seed-0: exit code 4: train: 13 is unlucky", self.err)
        self.assertIn("| 13    |     failed |", self.out)
        self.assertIn("| 64    |       0.74 |", self.out)
        self.assertEqual(self.json("o/sweep.json")["loss"][1], [[None, None]])

    def test_a_diverged_run_counts_as_infinite_and_is_not_run_again(self):
        for _ in range(2):
            self.run_tool("sweep --grid batch=4 --grid lr=0.01,2 --seeds 0 --out o")
            self.assertIn("| 4          | **0.14** | diverged |", self.out)
        self.assertEqual(len(self.lines("calls")), 2)
        self.assertEqual(self.json("o/sweep.json")["loss"][0][1], [[40.08, None]])
        self.assertEqual(self.lines("o/loss.csv")[-1], "4,2,0,2,inf")

    def test_a_flag_that_train_does_not_know_stops_all_at_once(self):
        self.run_tool("sweep --grid no-such-flag=1,2,3,4 --seeds 0,1,2 --out o --jobs 1", code=2)
        self.assertIn("no such flag", self.err)
        self.assertEqual(len(list((self.folder / "o").iterdir())), 1)

    def test_usage_errors_are_told_before_anything_runs(self):
        for words, told in (
            ("--grid lr", "'lr' is not an axis such as"),
            ("--grid seed=1,2", "'seed=1,2' is not an axis"),
            ("--grid lr=1 --grid lr=2", "given twice"),
            ("--jobs 0", "--jobs"),
            ("--seeds one", "--seeds"),
            ("-- --out elsewhere", "--out is set by this program"),
            ("-- stray", "'stray'"),
        ):
            self.run_tool(f"sweep {words}", code=2)
            self.assertIn(told, self.err)
        self.run_tool("ablate --only nonsense", code=2)
        self.assertIn("'nonsense' is unknown; choose from base, raw-angles", self.err)
        self.assertEqual(self.lines("calls"), [])

    def test_a_missing_program_is_told(self):
        self.train = "nowhere/train"
        self.run_tool("sweep", code=1)
        self.assertIn("nowhere/train is not there", self.err)

    # ------------------------------------------------------------ ablate and compare

    def test_ablate_has_one_budget_and_counts_the_lost(self):
        self.run_tool("ablate --only high-rate,step --seeds 0,100 --out o "
                      "-- --lr 0.5 --epochs 20 --steps-per-epoch 50")
        rows = self.table()
        self.assertEqual(rows["nothing"], ["12.66", "12.76", "0.5", "0.5", "0 of 2", "2.0 s"])
        self.assertEqual(rows["three times the learning rate"], ["-", "-", "-", "-", "2 of 2", "-"])
        command = " ".join(self.json("o/step_seed-100/command.json"))
        self.assertIn("--steps 1000", command)
        self.assertIn("--lr-step 4", command)
        self.assertEqual(len(self.lines("o/ablate.csv")), 1 + 3 * 2)
        self.assertIsNone(self.json("o/ablate.json")["runs"][-1]["acceleration_l1"])

    def test_compare_puts_models_side_by_side(self):
        evaluate = self.script("evaluate", EVALUATE)
        self.run_tool("compare --models lnn,mlp --seeds 0,1,5 --out o", evaluate=evaluate)
        rows = self.table()
        self.assertEqual(rows["a Lagrangian network"], ["1.482", "0.5", "7.5", "3.75", "2", "65"])
        self.assertEqual(rows["accelerations without physics"][1], "inf")  # null: NaN or Inf
        self.assertEqual(len(self.lines("o/compare.csv")), 1 + 2 * 3)
        self.assertIsNone(self.json("o/compare.json")["medians"]["mlp"]["energy_error"])

    def test_compare_does_without_an_evaluation(self):
        self.run_tool("compare --models hnn --seeds 0 --out o")
        self.assertEqual(self.table()["a Hamiltonian network"][2:4], ["-", "-"])

    def test_compare_leaves_out_what_cannot_learn_the_subject(self):
        self.run_tool("compare --seeds 0 --out o -- --data filmed.csv")
        self.assertIn("left out: --model hnn needs the true momenta", self.out)
        self.assertEqual(sorted(self.lines("calls")), ["o/lnn_seed-0", "o/mlp_seed-0"])
        self.assertIn("--data filmed.csv", " ".join(self.json("o/mlp_seed-0/command.json")))
        self.run_tool("compare --models nonsense", code=2)
        self.assertIn("'nonsense' is unknown; choose from lnn, hnn, mlp", self.err)

    @unittest.skipUnless(os.access(REAL_TRAIN, os.X_OK), "./train is not built")
    def test_the_real_train_understands_every_rung_and_model(self):
        self.train = REAL_TRAIN
        tiny = "--seeds 0 --out o -- --steps 4 --epochs 2 --batch 8 --rollouts 0"
        self.run_tool(f"ablate {tiny}")
        self.run_tool(f"compare {tiny}")
        self.run_tool(f"compare {tiny} --system kepler")
        self.assertEqual(self.json("o/mlp_seed-0/result.json")["system"], "kepler")
        fixed = (self.folder / "o/fixed-set_seed-0/result.json").read_text()
        self.assertEqual(json.loads(fixed)["train_steps"], 4)


class MotionsTest(unittest.TestCase):
    def read(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write(text)
            file.flush()
            return motions.read(file.name)

    def test_columns_go_by_their_names_whatever_is_in_them(self):
        table = self.read("motion,t,theta1',learnt theta1''\ntrue,0,1e-3,\nlearnt,1,2,3\n")
        self.assertEqual(list(table), ["motion", "t", "theta1'", "learnt theta1''"])
        self.assertEqual(table["motion"], ["true", "learnt"])
        self.assertEqual(table["theta1'"], [0.001, 2])
        self.assertTrue(math.isnan(table["learnt theta1''"][0]))
        self.assertEqual(self.read("t,x\n"), {})

    def test_pieces_are_cut_where_their_number_changes_the_longest_first(self):
        found = motions.pieces(self.read("piece,t\n0,1\n0,2\n1,1\n1,2\n1,3\n"))
        self.assertEqual([piece["t"] for piece in found], [[1, 2, 3], [1, 2]])

    def test_coordinates_have_units_unless_the_run_is_an_older_one(self):
        result = {"coordinates": ["r", "phi"], "units": ["m", "rad"], "angles": [False, True]}
        self.assertEqual(motions.coordinates(result), [("r", "m", False), ("phi", "rad", True)])
        self.assertIsNone(motions.coordinates({"coordinates": ["r"]}))

    def test_the_points_of_a_system_are_columns(self):
        table = self.read("point x1,point y1,learnt point x1,learnt point y1\n1,2,3,4\n")
        picture = motions.Picture.of_system({"dimension": 2, "links": [[-1, 0]]})
        self.assertEqual(picture.links, [(-1, 0)])
        self.assertEqual(picture.points(table, ""), [[[1], [2]]])
        self.assertEqual(picture.points(table, "learnt "), [[[3], [4]]])

    def test_points_may_be_formulas_of_coordinates(self):
        picture = motions.Picture.of_expressions(
            ["0, 0; 2*sin(a), -2*cos(a); 1/b, hypot(a, b)**2", "b, pi"], ["a", "b"])
        self.assertEqual((picture.dimension, picture.links), (2, [(0, 1), (1, 2)]))
        found = picture.points({"learnt a": [0.0, 3.0], "learnt b": [2.0, 0.0]}, "learnt ")
        self.assertEqual(found[0], [[0, 0], [0, 0]])
        self.assertEqual(found[1], [[0, 2 * math.sin(3)], [-2, -2 * math.cos(3)]])
        self.assertEqual(found[2][0][0], 0.5)
        self.assertTrue(math.isnan(found[2][0][1]))  # 1 / 0
        self.assertAlmostEqual(found[2][1][1], 9)
        self.assertEqual(found[3], [[2, 0], [math.pi, math.pi]])

    def test_a_formula_that_is_none_is_refused_with_the_reason(self):
        for text, told in (
            ("sin(a)", "every point has x, y or every one x, y, z"),
            ("a, 0; a, 0, 0", "every point has x, y"),
            ("a, c", "'c' in 'c': the coordinates are a"),
            ("a, sin(a", "'sin(a' is no formula"),
            ("a, open('x')", "'open' in 'open('x')': known functions are sin"),
            ("a, a.real", "'a.real'"),
            ("a, (lambda: 0)()", "known functions"),
            ("a, [x for x in (1, 2)]", "only + - * / **"),
            ("a, 'text'", "it is no number"),
        ):
            with self.subTest(text), self.assertRaises(ValueError) as refused:
                motions.Picture.of_expressions([text], ["a"])
            self.assertIn(told, str(refused.exception))
        wrong_count = motions.Picture.of_expressions(["a, hypot"], ["a"])
        self.assertTrue(math.isnan(wrong_count.points({"a": [1.0]}, "")[0][1][0]))
        with self.assertRaises(ValueError):
            motions.Picture.of_expressions(["a, sin(a, a)"], ["a"]).points({"a": [1.0]}, "")


if __name__ == "__main__":
    unittest.main()
