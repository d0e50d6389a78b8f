"""The layers as plain NumPy: nothing of bptui in them, every name there, and the same numbers."""

from __future__ import annotations

import builtins
import dis
from collections.abc import Iterator
from types import CodeType

import pytest

from bptui.report.export.numpy_source import classes_of, import_lines, plain_source
from layers import Layer, library
from sampled import one_in


@pytest.mark.parametrize("name", one_in(3, library))
def test_a_layer_stands_alone(name: str) -> None:
    source = plain_source([library[name]])
    namespace: dict[str, object] = {}
    text = f"{import_lines(source.imports)}\n{source.text}"
    exec(text, namespace)
    assert "bptui" not in text
    assert "layers" not in {line.split()[1] for line in source.imports}
    used = {
        it.argval
        for code in code_within(compile(text, name, "exec"))
        for it in dis.get_instructions(code)
        if it.opname == "LOAD_GLOBAL"
    }
    assert {it for it in used if it not in namespace and not hasattr(builtins, it)} == set()
    assert not isinstance(namespace[library[name].__name__], Layer)


def code_within(code: CodeType) -> Iterator[CodeType]:
    yield code
    for it in code.co_consts:
        if isinstance(it, CodeType):
            yield from code_within(it)


def test_layers_that_are_made_from_one_have_together_what_each_has_alone() -> None:
    related = [it for it in dict.fromkeys(library.values()) if len(classes_of(it)) > 2]
    alone = {it: attributes(run([it])[it.__name__]) for it in related}
    for together in (related, related[::-1]):
        namespace = run(together)
        assert [it for it in related if alone[it] - attributes(namespace[it.__name__])] == []


def run(classes: list[type[Layer]]) -> dict[str, type]:
    source = plain_source(classes)
    namespace: dict[str, type] = {}
    exec(f"{import_lines(source.imports)}\n{source.text}", namespace)
    return namespace


def attributes(cls: type) -> set[str]:
    return {key for it in cls.__mro__[:-1] for key in vars(it) if not key.startswith("__") or key == "__init__"}
