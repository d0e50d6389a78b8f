"""Where a layer makes NaN or infinity of finite inputs: the line, the operation, and its two operands.

Forward runs once more, watched line by line; in the line after which the first number is lost, the innermost
operation is looked for whose operands are finite and whose result is not.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from bptui.checking.line_watch import LineWatch, arrays_in
from bptui.checking.source_look import tree_of
from bptui.core.text import number
from bptui.errors import Where
from layers import Array

SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "×",
    ast.Div: "/",
    ast.Pow: "**",
    ast.MatMult: "@",
}


class Lost(NamedTuple):
    """What is known of the first number that is lost: in words, and where."""

    words: str
    where: Where | None


@dataclass(frozen=True, eq=False)
class Scene:
    """A line that is about to run: where it is, and what its names stand for."""

    code: CodeType
    where: Where
    names: dict[str, Any]
    module: dict[str, Any]


class NumberWatch(LineWatch):
    """Watches for the first line that loses a number: ``scene`` is what it was about to do."""

    def __init__(self) -> None:
        super().__init__()
        self.scenes: dict[int, Scene] = {}
        self.scene: Scene | None = None

    def look(self, frame: FrameType, line: Where | None) -> None:
        """Look whether a number is lost; keep what the next line is about to do."""
        if self.scene is None and line is not None and any(map(has_lost, arrays_in(frame.f_locals))):
            self.scene = self.scenes.get(id(frame))
        if self.scene is None:
            where = Where(frame.f_code.co_filename, frame.f_lineno)
            self.scenes[id(frame)] = Scene(frame.f_code, where, dict(frame.f_locals), frame.f_globals)


def has_lost(array: Any) -> bool:
    """Return whether an array has a number that is none."""
    return array.dtype.kind == "f" and not np.isfinite(array).all()


def find_lost(forward: Callable[[], object], out: Array) -> Lost | None:
    """Return how the first number is lost in a forward that gives ``out``; None where infinity is meant."""
    watch = NumberWatch()
    with watch.watching():
        forward()
    scene = watch.scene or scene_of(watch)
    tree = tree_of(scene.code) if scene else None
    if not np.isnan(out).any() and tree is not None and names_infinity(tree):
        return None
    kind = "NaN" if np.isnan(out).any() else "infinity"
    index = np.unravel_index(int(np.argmax(~np.isfinite(out))), out.shape)
    place = f" at [{', '.join(str(int(at)) for at in index)}]" if out.ndim else ""
    told = f"forward makes {kind} of finite inputs{place}"
    how = next(operations(scene, tree), "") if scene and tree else ""
    return Lost(f"{told}: {how}" if how else told, scene.where if scene else None)


def scene_of(watch: NumberWatch) -> Scene | None:
    """Return the last line that ran where no name ever stood for a lost number: it was returned at once."""
    found = [it for it in watch.scenes.values() if watch.codes and it.code is watch.codes[0]]
    return found[-1] if found else None


def names_infinity(tree: ast.AST) -> bool:
    """Return whether a function speaks of infinity itself, as a mask before a softmax does."""
    return any(
        (isinstance(it, ast.Attribute) and it.attr.lower() in {"inf", "infty"})
        or (isinstance(it, ast.Constant) and str(it.value).lower().lstrip("+-") == "inf")
        for it in ast.walk(tree)
    )


def operations(scene: Scene, tree: ast.FunctionDef) -> Iterator[str]:
    """Yield in words the operations of a line that lose a number, the innermost first."""
    statements = [it for it in ast.walk(tree) if isinstance(it, ast.stmt) and it.lineno == scene.where.line]
    parts = [part for it in statements for part in ast.walk(it) if isinstance(part, ast.BinOp | ast.Call)]
    for part in reversed(parts):
        result = evaluated(part, scene)
        if result is None or np.isfinite(result).all():
            continue
        index = np.unravel_index(int(np.argmax(~np.isfinite(result))), result.shape)
        operands = [evaluated(it, scene) for it in operands_of(part)]
        if all(it is not None and np.isfinite(it).all() for it in operands) and operands:
            fitting = [it for it in operands if it is not None and fits(it, result)]
            numbers = [number(float(np.broadcast_to(it, result.shape)[index])) for it in fitting]
            yield f"{in_words(part, numbers)} in `{ast.unparse(part)[:80]}`{underflow(part, scene, tree, index)}"


def operands_of(part: ast.BinOp | ast.Call) -> list[ast.expr]:
    """Return what an operation works on."""
    return [part.left, part.right] if isinstance(part, ast.BinOp) else part.args[:1]


def fits(operand: Array, result: Array) -> bool:
    """Return whether an operand has an element for each of the result's."""
    try:
        return np.broadcast_shapes(operand.shape, result.shape) == result.shape
    except ValueError:
        return False


def in_words(part: ast.BinOp | ast.Call, numbers: list[str]) -> str:
    """Return an operation with the numbers in it."""
    if isinstance(part, ast.BinOp):
        sign = SIGNS.get(type(part.op), "?")
        return f" {sign} ".join(numbers) if len(numbers) == 2 else f"a {sign}"
    name = ast.unparse(part.func).rpartition(".")[2]
    return f"{name}({', '.join(numbers)})"


def evaluated(part: ast.expr, scene: Scene) -> Array | None:
    """Return what a part of the user's line comes to, worked out once more; None where it is not numbers."""
    try:
        code = compile(ast.fix_missing_locations(ast.Expression(part)), "<a part of a line>", "eval")
        with np.errstate(all="ignore"):
            value = np.asarray(eval(code, scene.module, scene.names))  # noqa: S307  (the line has just run itself)
    except Exception:  # noqa: BLE001  (the fence: a part of a user's line may raise anything)
        return None
    return value.astype(np.float64) if value.dtype.kind in "fiub" else None


def underflow(part: ast.BinOp | ast.Call, scene: Scene, tree: ast.FunctionDef, index: tuple[Any, ...]) -> str:
    """Return that all numbers of a row came out of exp as 0, where that is what was divided."""
    if not (isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div) and isinstance(part.left, ast.Name)):
        return ""
    divided = evaluated(part.left, scene)
    made = [it.value for it in ast.walk(tree) if isinstance(it, ast.Assign) and part.left.id in names_in(it.targets)]
    is_exp = any("exp" in ast.unparse(it) for it in made)
    if divided is None or not is_exp or divided.ndim != len(index) or not divided.ndim:
        return ""
    row = divided[index[:-1]]
    if row.any():
        return ""
    place = f" of row {int(index[-2])}" if len(index) > 1 else ""
    return f": every exp{place} underflowed"


def names_in(targets: list[ast.expr]) -> set[str]:
    """Return the names that an assignment gives values to."""
    return {it.id for target in targets for it in ast.walk(target) if isinstance(it, ast.Name)}
