"""The motions that a run has left, by the names of their columns.

trajectory.csv (a simulated system: true and learnt) and held_out.csv (a file: measured and learnt) call
their columns alike: a coordinate `theta1`, its velocity `theta1'`, its acceleration `theta1''`, the first
point of the picture `point x1`, `point y1`, its energy `energy`; and all of these once more of what was
learnt, as `learnt theta1`. Only the standard library is needed here.
"""

import ast
import csv
import math
from typing import NamedTuple

LEARNT = "learnt "  # before the name of a column
AXES = "xyz"
FUNCTIONS = {name: getattr(math, name) for name in (
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "exp", "log", "sqrt",
    "hypot")} | {"abs": abs}
OPERATIONS = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow,
              ast.UAdd, ast.USub, ast.Load)


class Coordinate(NamedTuple):
    name: str
    unit: str  # "" where it is not known
    angle: bool


def coordinates(result):
    """Those of a run, by its result.json. None: an older ./train, which did not tell, has made it."""
    if not {"coordinates", "units", "angles"} <= result.keys():
        return None
    return [Coordinate(*one) for one in zip(result["coordinates"], result["units"], result["angles"])]


def read(path):
    """A CSV file: {name of a column: its cells}, numbers where all are; an empty cell is NaN."""
    with open(path, encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    return {name: numbers(cells) for name, cells in zip(header, zip(*rows))} if rows else {}


def numbers(cells):
    try:
        return [float(cell) if cell else math.nan for cell in cells]
    except ValueError:
        return list(cells)


def pieces(table):
    """The table cut where its column `piece` changes; the longest piece first."""
    of = table.get("piece", [])
    cuts = [k for k in range(len(of)) if k == 0 or of[k] != of[k - 1]] + [len(of)]
    all_pieces = [{name: cells[begin:end] for name, cells in table.items()}
                  for begin, end in zip(cuts, cuts[1:])]
    return sorted(all_pieces, key=lambda piece: -len(piece["piece"]))


# ---------------------------------------------------------------- the picture


class Picture:
    """What is drawn of a system in space: points, and lines between them.

    `links` are pairs of points, counted from 0; -1 is the origin.
    """

    def __init__(self, dimension, links, points):
        self.dimension, self.links, self.points = dimension, links, points

    @classmethod
    def of_system(cls, picture):
        """As result.json tells; the points are columns of trajectory.csv."""
        dimension = picture["dimension"]

        def points(table, before):
            found = []
            while f"{before}point x{len(found) + 1}" in table:
                found.append([table[f"{before}point {axis}{len(found) + 1}"]
                              for axis in AXES[:dimension]])
            return found

        return cls(dimension, [tuple(link) for link in picture["links"]], points)

    @classmethod
    def of_expressions(cls, texts, names):
        """Each text as "0, 0; sin(theta), -cos(theta)": points that a line joins, of x, y(, z).

        Throws ValueError that says what is wrong.
        """
        lines = [[[Expression(part, names) for part in split(point, ",")]
                  for point in text.split(";")] for text in texts]
        expressions = [point for line in lines for point in line]
        dimension = len(expressions[0])
        if dimension not in (2, 3) or any(len(point) != dimension for point in expressions):
            raise ValueError(f"'{'; '.join(texts)}': every point has x, y or every one x, y, z")
        links, count = [], 0
        for line in lines:
            links += [(k, k + 1) for k in range(count, count + len(line) - 1)]
            count += len(line)
        return cls(dimension, links, lambda table, before: [
            [part.along(table, before) for part in point] for point in expressions])


def split(text, mark):
    """The parts between these marks, but for marks within parentheses."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


class Expression:
    """A formula of coordinates: numbers, names, + - * / **, pi, and FUNCTIONS; nothing else."""

    def __init__(self, text, names):
        self.text, self.names = text.strip(), names
        try:
            tree = ast.parse(self.text, mode="eval")
            for node in ast.walk(tree):
                self.check(node)
        except (SyntaxError, RecursionError, MemoryError, OverflowError):
            raise ValueError(f"'{self.text}' is no formula such as -2*cos(theta)") from None
        self.code = compile(tree, "--points", "eval")

    def check(self, node):
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
                self.refuse(ast.unparse(node.func), f"known functions are {', '.join(FUNCTIONS)}")
        elif isinstance(node, ast.Constant):
            if type(node.value) not in (int, float):
                self.refuse(ast.unparse(node), "it is no number")
            node.value = float(node.value)  # a power of whole numbers may be without end
        elif isinstance(node, ast.Name):
            if node.id not in (*self.names, *FUNCTIONS, "pi"):
                self.refuse(node.id, f"the coordinates are {', '.join(self.names)}")
        elif not isinstance(node, OPERATIONS):
            self.refuse(ast.unparse(node), "only + - * / ** and functions are understood")

    def refuse(self, what, why):
        raise ValueError(f"'{what}' in '{self.text}': {why}")

    def along(self, table, before):
        """Its value in each row, of the coordinates whose columns have that before their names."""
        used = [name for name in self.names if before + name in table]
        rows = zip(*(table[before + name] for name in used))
        return [self.at(dict(zip(used, row))) for row in rows]

    def at(self, values):
        """NaN where it has none, as 1 / 0."""
        try:
            value = eval(self.code, {"__builtins__": {}, "pi": math.pi, **FUNCTIONS}, values)
        except (ArithmeticError, ValueError):
            return math.nan
        except TypeError as error:
            raise ValueError(f"'{self.text}': {error}") from None
        return value if isinstance(value, float) else math.nan
