"""The small faults that can be put into a C++ file, one at a time.

Works on the text: comments, strings, and what is no behaviour (includes, templates' heads, using)
are blanked first, then each rule looks for places to change. It counts on clang-format's layout,
where binary operators stand between blanks and a statement begins its line. Some faults do not
compile; the compiler finds those.
"""

import re
from typing import NamedTuple


class Fault(NamedTuple):
    rule: str
    begin: int  # the characters [begin, end) of the file become `text`
    end: int
    text: str


# Comments, raw strings, strings, characters, preprocessor lines.
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|(?<!\w)'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:\\\n|[^\n])*", re.DOTALL | re.MULTILINE)
# Lines whose change is no fault, or a fault of speed alone.
NO_BEHAVIOUR = re.compile(
    r"^ *(template\b|static_assert\b|using |namespace |friend ).*$"
    r"|^.*(\balignas\(|__builtin_prefetch|\.reserve\().*$", re.MULTILINE)

OPERATORS = {  # between blanks
    "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"],
    "+=": ["-=", "="], "-=": ["+=", "="], "*=": ["/="], "/=": ["*="],
    "<": ["<="], "<=": ["<"], ">": [">="], ">=": [">"], "==": ["!="], "!=": ["=="],
    "&&": ["||"], "||": ["&&"]}
EXCHANGED = [  # functions taken for each other, both ways
    ("std::min", "std::max"), ("std::floor", "std::ceil"), ("std::sin", "std::cos"),
    ("true", "false"), ("break", "continue"), ("std::any_of", "std::all_of"),
    ("std::lower_bound", "std::upper_bound"), ("head", "tail"), ("front", "back"),
    ("topRows", "bottomRows"), ("leftCols", "rightCols"), ("topRightCorner", "bottomLeftCorner"),
    ("minCoeff", "maxCoeff"), ("sum_rows", "sum_cols"), ("broadcast_rows", "broadcast_cols"),
    ("rows", "cols")]
CONFUSED = [  # variables, where the other one is near
    ("rows", "columns"), ("row", "col"), ("row", "column"), ("low", "high"), ("first", "last"),
    ("i", "j"), ("q", "v"), ("q", "p"), ("t", "h"), ("t0", "t1"), ("a", "b"), ("m", "n"),
    ("n", "k"), ("beta1", "beta2"), ("mean", "square"), ("sine", "cosine"), ("before", "after"),
    ("y_", "y_new_")]
NEAR = 400  # characters
DROPPED = ["std::abs", "std::sqrt", "std::round", "std::floor", "std::move"]  # f(x) -> (x)

IDENTIFIER = r"[A-Za-z_][\w.]*"
PLACE = r"[\w.\[\]()*>-]+(?:::[\w.\[\]()>-]+)*"  # what can be assigned or called


def code_of(source):
    """The source with everything blanked that is no code, character by character."""
    def blank(match):
        text = match.group()
        return re.sub(r"[^\n]", '"' if text[0] in "\"R'" else " ", text)
    return NO_BEHAVIOUR.sub(lambda m: " " * len(m.group()), NOT_CODE.sub(blank, source))


def closing(code, opening):
    """Where the bracket that opens at `opening` closes, or -1."""
    depth = 0
    for k in range(opening, len(code)):
        depth += (code[k] in "([{") - (code[k] in ")]}")
        if depth == 0:
            return k
    return -1


def numbers(code):
    for match in re.finditer(r"(?<![\w.])(\d+\.?\d*(?:[eE][+-]?\d+)?)(f?)(?![\w.'])", code):
        text, suffix = match.groups()
        if text.isdigit() and len(text) < 4:
            changed = [str(int(text) + 1)] + ([str(int(text) - 1)] if text != "0" else [])
        else:  # of many digits, a coefficient
            changed = [f"{float(text) * (1.1 if len(text) < 10 else 1.001):.17g}"]
            if code[match.start() - 1] != "-":
                changed.append(f"-{text}")
        for new in changed:
            yield Fault("number", *match.span(), new + suffix)


def operators(code):
    for match in re.finditer(r"(?<=[\w)\]}] )(\S{1,2})(?= [\w(\[{*&!~.+-])", code):
        for new in OPERATORS.get(match.group(), []):
            yield Fault("operator", *match.span(), new)


def words(code):
    for one, other in EXCHANGED + CONFUSED:
        for old, new in ((one, other), (other, one)):
            for match in re.finditer(rf"(?<![\w:]){re.escape(old)}(?!\w|::)", code):
                near = code[max(0, match.start() - NEAR):match.end() + NEAR]
                if (one, other) in EXCHANGED or re.search(rf"\b{new}\b", near):
                    yield Fault("word", *match.span(), new)
    for name in DROPPED:
        for match in re.finditer(rf"(?<!\w){name}(?=\()", code):
            yield Fault("call dropped", *match.span(), "")
    for match in re.finditer(r"\.(transpose|cwiseAbs|reverse|abs|rowwise)\(\)", code):
        yield Fault("call dropped", *match.span(), "")


def conditions(code):
    for match in re.finditer(r"\b(?:if|while) \(", code):
        opening = match.end() - 1
        end = closing(code, opening)
        begin = max(code.rfind(";", opening, end), opening) + 1
        inner = code[begin:end]
        if " = " not in inner:
            yield Fault("condition", begin, end, f"!({inner})")
            yield Fault("condition", begin, end, f"false && ({inner})")
            if match.group() == "if (" and "throw" not in code[end:code.find(";", end)]:
                yield Fault("condition", begin, end, f"true || ({inner})")
    for match in re.finditer(r" \?(?= )", code):
        yield Fault("choice", *match.span(), " && false ?")
        yield Fault("choice", *match.span(), " || true ?")


def signs(code):
    for match in re.finditer(r"(?<=[(,=\[?:] )-(?=[\w(])|(?<=[(\[])-(?=[\w(])|(?<=return )-", code):
        yield Fault("sign", *match.span(), "")
    for match in re.finditer(r"!(?=[\w(])", code):
        yield Fault("not", *match.span(), "")


def indices(code):
    for match in re.finditer(r"(?<=[\w)\]])\[(?=\w)", code):
        end = closing(code, match.start())
        if not code[match.end():end].isdigit():  # a rule of its own
            yield Fault("index", end, end, " + 1")


def arguments(code):
    simple = rf"(?:{IDENTIFIER}|\d[\w.]*)"
    for match in re.finditer(rf"(?<=\w)\(({simple}), ({simple})(?=[,)])", code):
        first, second = match.groups()
        if first != second:
            yield Fault("arguments", *match.span(), f"({second}, {first}")


def statements(code):
    """Whole statements: calls, assignments, steps; and what a function returns."""
    starts = (rf"^ *(?={PLACE}(?:\(| [-+*/]?= )|(?:\+\+|--)\w)"
              r"(?!(?:return|if|for|while|switch|else|case)\b)")
    for match in re.finditer(starts, code, re.MULTILINE):
        previous = code[:match.start()].rstrip()
        if not previous or previous[-1] not in ";{})" and not previous.endswith("else"):
            continue
        end = begin = match.end()
        while end < len(code) and code[end] not in ";}":
            end = closing(code, end) + 1 if code[end] in "([{" else end + 1
            if end == 0:
                break
        if end > begin and code[end:end + 1] == ";":
            yield Fault("statement removed", begin, end, "\n" * code[begin:end].count("\n"))
    for match in re.finditer(r"\breturn ([^;{}]+)(?=;)", code):
        yield Fault("returned", *match.span(1), "{}" + "\n" * match.group(1).count("\n"))


RULES = [numbers, operators, words, conditions, signs, indices, arguments, statements]


def faults(source):
    """All faults that the rules find, in the order of the file. None changes the count of lines."""
    code = code_of(source)
    found = {fault for rule in RULES for fault in rule(code)
             if '"' not in source[fault.begin:fault.end]}
    return sorted(found, key=lambda f: (f.begin, f.end, f.text))
