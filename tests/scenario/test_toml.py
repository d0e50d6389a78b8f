"""A document knows where everything stands; text that is none is told what it lacks, quickly and in its place."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.errors import ScenarioError
from bptui.scenario.toml import parse_toml
from bptui.scenario.toml.document import character_offset
from bptui.scenario.toml.positions import Positions
from cost import counted_calls


def quoted(text: str) -> str:
    """``text`` as a basic string."""
    return json.dumps(text, ensure_ascii=False)


scalars = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["true", "false", "nan", "-inf", "1979-05-27", "1979-05-27T07:32:00Z", "0x1F", "1_000"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(quoted),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'"), max_size=8).map("'{}'".format),
    st.sampled_from(['"""a\n"b" # [c]"""', "'''\n x = [ ''\n'''", '""""q""""', '"""\\\n  z"""', '"\\"#]"']),
)
gaps = st.sampled_from(["", " ", "\t", "  "])
lines = st.sampled_from(["", " ", "\n", " # [x] = 'y\n", "\n\n "])
keys = st.one_of(
    st.text("abcXYZ019_-", min_size=1, max_size=5),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5).map(quoted),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'"), max_size=5).map("'{}'".format),
)


class Writer:
    """Writes a document and notes, as it goes, where each value was put."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.text = ""
        self.truth: dict[tuple[str | int, ...], tuple[int, int, int]] = {}

    def write(self, piece: str) -> int:
        at = len(self.text)
        self.text += piece
        return at

    def key(self, taken: set[str]) -> tuple[str, int] | None:
        written = self.draw(keys)
        name = tomllib.loads(f"{written} = 0").popitem()[0]
        if name in taken:
            return None
        taken.add(name)
        return name, self.write(written)

    def value(self, path: tuple[str | int, ...], key_at: int | None, depth: int) -> None:
        start = len(self.text)
        kind = self.draw(st.sampled_from(["scalar", "array", "table"] if depth else ["scalar"]))
        if kind == "scalar":
            self.write(self.draw(scalars))
        elif kind == "array":
            self.array(path, depth - 1)
        else:
            self.table(path, depth - 1)
        self.truth[path] = (start if key_at is None else key_at, start, len(self.text))

    def array(self, path: tuple[str | int, ...], depth: int) -> None:
        self.write("[" + self.draw(lines))
        count = self.draw(st.integers(0, 3))
        for index in range(count):
            self.value((*path, index), None, depth)
            self.write(self.draw(lines) + ("," if index + 1 < count else self.draw(st.sampled_from(["", ","]))))
            self.write(self.draw(lines))
        self.write("]")

    def table(self, path: tuple[str | int, ...], depth: int) -> None:
        self.write("{" + self.draw(gaps))
        taken: set[str] = set()
        for place in range(self.draw(st.integers(0, 3))):
            before = len(self.text)
            self.write(("," if place else "") + self.draw(gaps))
            if (found := self.key(taken)) is None:
                self.text = self.text[:before]
                break
            self.write(self.draw(gaps) + "=" + self.draw(gaps))
            self.value((*path, found[0]), found[1], depth)
        self.write("}")

    def body(self, path: tuple[str | int, ...], taken: set[str]) -> None:
        for _ in range(self.draw(st.integers(0, 3))):
            self.write(self.draw(lines))
            before = len(self.text)
            if (found := self.key(taken)) is None:
                self.text = self.text[:before]
                continue
            self.write(self.draw(gaps) + "=" + self.draw(gaps))
            self.value((*path, found[0]), found[1], 2)
            self.write(self.draw(gaps) + self.draw(st.sampled_from(["", "# c [d] = '"])) + "\n")


@st.composite
def documents(draw: Any) -> Writer:
    """A text, and for each path in it the offsets of its key, of its value and past its value."""
    writer = Writer(draw)
    top: set[str] = set()
    writer.body((), top)
    for _ in range(draw(st.integers(0, 2))):
        writer.write("\n" + draw(st.sampled_from(["", " "])))
        double = draw(st.booleans())
        before = len(writer.text)
        writer.write("[[" if double else "[")
        if (found := writer.key(top)) is None:
            writer.text = writer.text[:before]
            continue
        writer.write("]]\n" if double else "]\n")
        writer.body((found[0], 0) if double else (found[0],), set())
        for index in range(1, draw(st.integers(1, 3)) if double else 1):
            writer.write(f"\n[[{quoted(found[0])}]]\n")
            writer.body((found[0], index), set())
            writer.write(f"\n[{quoted(found[0])}.sub]\n")
            writer.body((found[0], index, "sub"), set())
    return writer


@given(documents())
def test_every_value_is_found_where_it_was_written(document: Writer) -> None:
    tomllib.loads(document.text)
    positions = Positions(document.text)
    for path, truth in document.truth.items():
        assert tuple(positions.span(path)) == truth, path


@given(documents())
def test_line_and_column_lead_back_to_the_offset(document: Writer) -> None:
    positions = Positions(document.text)
    split = document.text.split("\n")
    for offset in range(len(document.text)):
        line, column = positions.line_and_column(offset)
        assert (split[line - 1] + "\n")[column - 1] == document.text[offset]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10), st.data())
def test_a_character_of_an_escaped_string_is_found_where_it_is_written(text: str, data: Any) -> None:
    forms = {
        '"': [lambda c: c if c not in '"\\' else "\\" + c, lambda c: f"\\U{ord(c):08x}"],
        '"""': [lambda c: c if c not in '"\\' else "\\" + c, lambda c: "\\\n   " + f"\\U{ord(c):08x}"],
    }
    quotes = data.draw(st.sampled_from(sorted(forms)))
    pieces = [data.draw(st.sampled_from(forms[quotes]))(character) for character in text]
    if any(character in " \t" for character in text) and quotes == '"""':
        pieces = [f"\\U{ord(character):08x}" for character in text]
    written = f"k = {quotes}{''.join(pieces)}{quotes}"
    assert tomllib.loads(written) == {"k": text}
    span = Positions(written).span(("k",))
    for index in range(len(text)):
        tail = f"k = {quotes}{written[character_offset(written, span, index) :]}"
        assert tomllib.loads(tail) == {"k": text[index:]}


def test_an_array_of_tables_inside_another_starts_anew() -> None:
    positions = Positions("[[a]]\n[[a.b]]\nx = 1\n[[a.b]]\nx = 2\n[[a]]\n[[a.b]]\nx = 3\n[a.b.c]\nx = 4\n")
    for line, path in {
        3: ("a", 0, "b", 0, "x"),
        5: ("a", 0, "b", 1, "x"),
        8: ("a", 1, "b", 0, "x"),
        10: ("a", 1, "b", 0, "c", "x"),
    }.items():
        assert positions.line_and_column(positions.span(path).key) == (line, 1)


def test_byte_order_mark_and_crlf_are_accepted() -> None:
    document = parse_toml("\ufeffa = 1\r\nb = [1,\r\n 2]\r\n", "f")
    assert document.data == {"a": 1, "b": [1, 2]}
    assert document.where("b", 1)[1:] == (3, 2)


SYNTAX = {
    "CR-only lines": ("a = 1\rb = 2\r", 1, "CR) alone", "LF"),
    "NUL": ("a = 1\nb = '\x00'", 2, "not UTF-8 text", ""),
    "surrogate": ("a = 1\nb = '\udc80'", 2, "not UTF-8 text", ""),
    "unclosed string": ('a = 1\nb = "c\nd = 2\n', 2, "string is not closed", ""),
    "unclosed literal string": ("a = 1\nb = 'c\nd = 2\n", 2, "string is not closed", ""),
    "unclosed long string": ('a = 1\nb = """c\nd = 2\n\n', 2, "string is not closed", ""),
    "array unclosed before a key": ("a = 1\nb = [1,\n 2\n\nd = 2\n", 2, "array is not closed", ""),
    "array unclosed before a table": ("b = [1, 2,\n\n[nodes]\ny = 2\n", 1, "array is not closed", ""),
    "array unclosed at the end": ("a = 1\nb = [[1, 2], [3, 4]\n", 2, "array is not closed", ""),
    "inline table unclosed": ("a = {b = 1", 1, "inline table is not closed", ""),
    "missing value": ("a = 1\nb =\nc = 2\n", 2, "a value is missing", ""),
    "duplicate key": ("a = 1\n\na = [\n1]\n", 3, "a is defined twice", "rename"),
    "duplicate key with more behind it": ("[a]\nt = 1\nt = [0, ]2\n", 3, "a.t is defined twice", "rename"),
    "duplicate table": ("[a]\nx = 1\n[b]\n[a]\n", 4, "a is defined twice", "rename"),
    "duplicate key in a table": ("[a]\nx = 1\nx = 2\n", 3, "a.x is defined twice", "rename"),
    "duplicate key in an inline table": ("t = {q = 1, q = 2}\n", 1, "q is defined twice", "rename"),
    "no digit before the point": ("a = .5\n", 1, "", "0.5"),
    "no digit after the point": ("a = 1.\n", 1, "", "1.0"),
    "no digit after the point, in a list": ("a = [1., 2]\n", 1, "", "1.0"),
    "leading zero": ("a = 012\n", 1, "", "leading zero"),
    "capital True": ("a = True\n", 1, "", "lower case"),
    "None": ("a = None\n", 1, "", "leave the key out"),
    "NaN": ("a = NaN\n", 1, "", "lower case"),
    "tuple": ("a = (1, 2)\n", 1, "", "brackets"),
    "bare text": ("[nodes]\ny = Relu(x)\n", 2, "", "quotes"),
    "two commas": ("a = [1,, 2]\n", 1, "", "comma"),
    "no comma": ("a = [1 2]\n", 1, "comma", ""),
    "JSON": ('{"inputs": {"x": 1}}', 1, "", "JSON"),
    "YAML": ("title: apple\ninputs:\n  x: 1\n", 1, "", "YAML"),
    "Python": ("import numpy as np\nx = np.ones(3)\n", 1, "", "Python"),
    "HTML": ("<html>", 1, "", "HTML"),
    "bare Unicode key": ("[inputs]\n苹果 = 1\n", 2, "", "quotes"),
    "Windows path": ('a = "C:\\data\\new"\n', 1, "backslash", "'...'"),
    "Windows path to users": ('a = "C:\\Users\\me"\n', 1, "backslash", "'...'"),
    "infinite number": ("a = [\n1.5, 1e400]", 2, "1e400 is beyond the largest float64", ""),
    "control character": ('a = 1\nb = "\x1b"', 2, "\\x1b", ""),
}


@pytest.mark.parametrize("case", SYNTAX)
def test_what_is_no_toml_is_told_in_its_line(case: str) -> None:
    text, line, message, hint = SYNTAX[case]
    with pytest.raises(ScenarioError) as caught:
        parse_toml(text, "f.toml")
    assert caught.value.path == "f.toml"
    assert caught.value.line == line
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert "\x1b" not in str(caught.value)


EXCESS = {
    "arrays 5,000 deep": ("x = " + "[" * 5_000 + "]" * 5_000, "nested more than 64 deep"),
    "tables 5,000 deep": ("x = " + "{a = " * 5_000 + "1" + "}" * 5_000, "nested more than 64 deep"),
    "a key of 20,000 parts": (".".join(["a"] * 20_000) + " = 1", "a key of more than 16 parts"),
    "a header of 20,000 parts": (f"[{'.'.join(['a'] * 20_000)}]", "a key of more than 16 parts"),
    "a quoted key of 20,000 parts": (" . ".join(['"a"'] * 20_000) + " = 1", "a key of more than 16 parts"),
    "50,000 tables": ("".join(f"[t{number}]\n" for number in range(50_000)), "more than 1000 tables"),
    "50,000 tables in an array": ("[[t]]\n" * 50_000, "more than 1000 tables"),
    "an integer of 5,000 digits": ("x = " + "7" * 5_000, "a number of more than 200 digits"),
    "a hexadecimal of 20,000 digits": ("x = 0x" + "f" * 20_000, "a number of more than 200 digits"),
    "quotes": ('"' * 200_000, ""),
    "escaped quotes": ('x = "' + '\\"' * 200_000, "string is not closed"),
    "brackets": ("[" * 500_000, "nested more than 64 deep"),
    "one long word": ("a" * 2_000_000, ""),
    "a million empty lists": (f"x = [{'[],' * 1_000_000}]", "more than 1,000,000 commas and brackets"),
    "equal signs": ("=" * 500_000, "more than 200,000 equals signs"),
    "points": ("." * 500_000, ""),
    "commas": ("x = [" + "," * 500_000, ""),
}


@pytest.mark.parametrize("case", EXCESS)
def test_excess_is_refused_at_once_and_not_printed(case: str) -> None:
    text, message = EXCESS[case]
    with counted_calls() as count, pytest.raises(ScenarioError) as caught:
        parse_toml(text, "f.toml")
    assert count.calls <= len(text)
    assert message in caught.value.message
    assert len(str(caught.value)) < 400


def test_strings_and_comments_do_not_count_as_structure() -> None:
    brackets = "[" * 100
    headers = "[t]\n" * 1_100
    nines = "9" * 300
    dots = "a." * 100
    text = f"a = '{brackets}'\n# {brackets}\nb = \"{dots}\"\nc = '''\n{headers}'''\nd = '{nines} 1e999'\n"
    assert parse_toml(text, "f").data["a"] == "[" * 100


@given(st.text(st.sampled_from(list("[]{}\"'=.,#\\\n 019aexT_-:\r\x00é")), max_size=40))
def test_any_text_is_a_document_or_an_error_in_a_line(text: str) -> None:
    try:
        document = parse_toml(text, "f")
    except ScenarioError as error:
        assert error.line is None or 1 <= error.line <= text.count("\n") + 1  # noqa: PT017
    else:
        assert document.data == tomllib.loads(text)
