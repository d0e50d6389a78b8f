"""A run as a Jupyter notebook (nbformat 4.5): the same computed step by step with plain NumPy, each step explained."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bptui.core.graph import Node
from bptui.core.order import Pass
from bptui.report.export.account import Account, ToldStep, text_block
from bptui.report.export.markdown import code_block, escaped_markdown, inside_line, safe_markdown
from bptui.report.export.numpy_program import SEND_BACK, UNPACKED, NumpyProgram
from bptui.report.export.own_source import OwnSource
from bptui.report.export.pytest_file import CLOSE, expected, has_no_failure, relative_tolerance

WRONG = """

A check has failed (bptui check tells which): these gradients are what backward gives, and not held to be right."""


def notebook_text(account: Account, seeds: Mapping[str, tuple[int, ...]], own: OwnSource) -> str:
    """Return a run as a notebook. Raises BptuiError where it cannot be written out."""
    program = NumpyProgram(account, seeds, own)
    cells = [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(notebook_cells(account, program))]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def notebook_cells(account: Account, program: NumpyProgram) -> Iterator[dict[str, Any]]:
    """Yield the cells."""
    about = f"\n\n{safe_markdown(account.about)}" if account.about else ""
    yield text_cell(f"# {escaped_markdown(account.title)}{about}")
    yield code_cell(program.imports())
    own = "".join(f" Here, too: {escaped_markdown(it)}." for it in program.own.origins)
    yield text_cell(f"## The layers\n\nPlain NumPy: each goes forward, keeps what it needs, and goes back.{own}")
    yield code_cell(program.layer_source("Path.cwd()") + f"\n\n\n{UNPACKED}" * program.has_packed)
    yield text_cell("## The network")
    yield code_cell("\n".join((*program.leaves(), *program.made_layers())))
    told = {
        (step.step.pass_, step.step.name): step
        for step in account.steps
        if step.step.iteration == program.iteration + 1
    }
    yield text_cell("## Forward")
    for node, line in program.forward_lines():
        yield from step_cells(told.get((Pass.FORWARD, node.name)), f"{line}\n{shown_values(node)}")
    yield text_cell(
        "## Backward\n\nEvery node gets the gradient of its value and sends one back to each of its inputs."
    )
    yield code_cell(f"{SEND_BACK}\n\n\n{chr(10).join(program.start_lines())}")
    for node, line in program.backward_lines():
        inputs = ", ".join(f"{name!r}: gradients.get({name!r})" for name in dict.fromkeys(node.inputs))
        yield from step_cells(told.get((Pass.BACKWARD, node.name)), f"{line}\n{{{inputs}}}")
    yield text_cell(f"## As bptui found them{'' if has_no_failure(account) else WRONG}")
    yield code_cell(f"RTOL = {relative_tolerance(program)}\n\n\n{CLOSE}")
    for name, found in (("values", program.values()), ("gradients", program.gradients())):
        wanted = expected(name.upper(), dict(found))
        yield code_cell(f"{wanted}\nfor name in {name.upper()}:\n    assert_close(name, {name}, {name.upper()})")


def step_cells(told: ToldStep | None, code: str) -> Iterator[dict[str, Any]]:
    """Yield what is said of a step, and the cell that computes it."""
    if told is not None:
        notes = "".join(f"\n\n> {line}" for note in told.notes for line in safe_markdown(note).splitlines())
        block = f"\n\n{code_block(text_block(told.lines))}" if told.lines else ""
        failures = "".join(f"\n\n**✗ {inside_line(it)}**" for it in told.failures)
        heading = f"### {escaped_markdown(told.heading)}\n\n{escaped_markdown(told.sentence)}"
        yield text_cell(f"{heading}{block}{failures}{notes}")
    yield code_cell(code)


def shown_values(node: Node) -> str:
    """Return the expression that shows what a node has made."""
    return ", ".join(f"values[{name!r}]" for name in node.outputs)


def text_cell(source: str) -> dict[str, Any]:
    """Return a cell of Markdown."""
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}


def code_cell(source: str) -> dict[str, Any]:
    """Return a cell of code."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }
