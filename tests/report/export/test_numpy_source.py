"""The layers as plain NumPy: nothing of bptui in them, every name there, and the same numbers."""

from __future__ import annotations

import builtins
import dis
from collections.abc import Iterator
from types import CodeType

import pytest

from bptui.report.export.numpy_source import import_lines, plain_source
from layers import Layer, library


@pytest.mark.parametrize("name", library)
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
