"""A run as a test for pytest: every value and gradient of an iteration, computed by plain NumPy alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import indent

from bptui.checking.finding import Verdict
from bptui.core.text import visible
from bptui.report.export.account import Account
from bptui.report.export.numpy_program import SEND_BACK, UNPACKED, NumpyProgram, array_source
from bptui.report.export.own_source import OwnSource

CLOSE = '''def largest(array):
    """Return the largest finite number of an array, by size."""
    return float(np.max(np.abs(array), initial=0.0, where=np.isfinite(array)))


def assert_close(name, found, expected):
    """Compare an array as closely as machines agree: with its largest number, or a hundredth of the largest of all."""
    scale = max(largest(expected[name]), max(map(largest, expected.values())) / 100)
    np.testing.assert_allclose(found[name], expected[name], rtol=RTOL, atol=RTOL * scale, equal_nan=True)'''
"""What compares numbers in the programs that are written: a gradient that is 0 but for rounding is the same as 0."""

TEST_OF_VALUES = """
@pytest.mark.parametrize("name", VALUES)
def test_value(name):
    assert_close(name, values, VALUES)
"""

TEST_OF_GRADIENTS = """
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient(name):
    assert_close(name, gradients, GRADIENTS)
"""

NOT_RIGHT = """

A check had failed when this was written (bptui check tells which), so no gradient is held to be right here:
what backward gives is compared with differences of the output alone.
"""

SLOPES = '''
@pytest.mark.parametrize("name", SMOOTH)
def test_gradient_is_the_slope(name):
    """Central differences of the output say the same, without any backward."""
    x, step = leaves[name], 1e-6 * max(1.0, float(np.abs(leaves[name]).max()))
    for index in np.ndindex(np.shape(x)):
        moved = []
        for sign in (1, -1):
            changed = np.array(x, dtype=np.float64)
            changed[index] += sign * step
            values.update({**leaves, name: changed})
            go_forward()
            moved.append(np.sum(values[OUTPUT] * DOUT))
        values.update(leaves)
        slope = (moved[0] - moved[1]) / (2 * step)
        gradient = np.asarray(gradients[name])
        np.testing.assert_allclose(gradient[index], slope, rtol=1e-4, atol=1e-5 * max(1.0, np.abs(gradient).max()))
    go_forward()
'''

MOST_SLOPES = 100
"""Elements of a leaf whose gradient is held against differences in the test."""


def pytest_text(account: Account, seeds: Mapping[str, tuple[int, ...]], own: OwnSource) -> str:
    """Return a run as a test. Raises BptuiError where it cannot be written out."""
    program = NumpyProgram(account, seeds, own)
    return "\n\n\n".join(part.strip("\n") for part in pytest_parts(account, program)) + "\n"


def pytest_parts(account: Account, program: NumpyProgram) -> Iterator[str]:
    """Yield the parts of the file, which empty lines part."""
    title = text_in_docstring(account.title)
    body = "\n".join((*program.leaves(), *program.made_layers()))
    told = f"{title}{program.within}: every value and gradient, with plain NumPy{own_words(program)}."
    opening = f'"""{told}{"" if has_no_failure(account) else NOT_RIGHT}"""'
    yield f"{opening}\n\n{program.imports('import pytest')}\n\nRTOL = {relative_tolerance(program)}"
    yield f"# The layers\n\n\n{program.layer_source('Path(__file__).resolve().parent')}"
    if program.has_packed:
        yield UNPACKED
    yield "# The network\n\n" + body
    lines = "\n".join(line for _, line in program.forward_lines())
    doc = '    """Compute every value, in order."""\n'
    yield "def go_forward():\n" + doc + indent(lines, "    ")
    yield SEND_BACK
    back = "\n".join(line for _, line in program.backward_lines())
    start = "\n".join(program.start_lines())
    quiet = 'with np.errstate(all="ignore"):'
    yield f"leaves = dict(values)\n{quiet}\n    go_forward()\n{start}\n{quiet}\n{indent(back or 'pass', '    ')}"
    yield CLOSE
    yield expected("VALUES", dict(program.values()))
    yield TEST_OF_VALUES
    if has_no_failure(account):
        yield expected("GRADIENTS", dict(program.gradients()))
        yield TEST_OF_GRADIENTS
    if smooth := smooth_leaves(program):
        output = program.graph.output
        yield f"OUTPUT = {output!r}\nDOUT = {array_source(program.columns.dout)}\nSMOOTH = {smooth!r}\n"
        yield SLOPES


def own_words(program: NumpyProgram) -> str:
    """Return where the user's own layers come from, in words; "" where there are none."""
    return "".join(f" and {text_in_docstring(it)}" for it in program.own.origins)


def text_in_docstring(words: str) -> str:
    """Return words that neither end a docstring nor are an escape in it."""
    return visible(words, limit=1000).replace("\\", "\\\\").replace('"', "'")


def has_no_failure(account: Account) -> bool:
    """Return whether no check has found a gradient wrong, or none was made."""
    return account.report is None or not any(it.verdict is Verdict.FAIL for it in account.report.findings)


def relative_tolerance(program: NumpyProgram) -> str:
    """Return how near numbers must be, relative to their array's largest, as Python."""
    is_double = all(value.dtype.itemsize >= 8 for _, value in program.values() if value.dtype.kind == "f")
    return "1e-9" if is_double else "1e-4"


def expected(name: str, arrays: Mapping[str, object]) -> str:
    """Return what is expected, by name, as Python."""
    rows = "\n".join(f"    {key!r}: {array_source(value)}," for key, value in arrays.items())
    return f"{name} = {{\n{rows}\n}}"


def smooth_leaves(program: NumpyProgram) -> list[str]:
    """Return the leaves whose gradients differences can be held against: small, finite, of float64, no kinks known.

    Where all is right, they are those that a check of the whole network has held against differences already.
    """
    verdicts = program.account.report
    if verdicts is None or any(it.verdict is Verdict.KINK for it in verdicts.findings):
        return []
    whole = (it for it in verdicts.findings if it.rule == "network" and it.verdict is Verdict.PASS)
    checked = {it.input for it in whole} if has_no_failure(program.account) else {*program.graph.leaves}
    values = dict(zip(program.graph.leaves, program.columns.values, strict=False))
    gradients = {name: it for name, it in program.gradients() if 0 < it.size <= MOST_SLOPES}
    return [name for name in program.graph.leaves if name in checked & {*gradients} and is_double(values[name])]


def is_double(value: object) -> bool:
    """Return whether a value is of float64."""
    return getattr(value, "dtype", None) == "float64" or isinstance(value, float)
