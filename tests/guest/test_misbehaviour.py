"""What a guest may do wrong: each becomes one error, or one remark, at its node and its user's line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

from bptui.errors import LayerError
from bptui.guest import wire
from bptui.guest.child.confinement import MOST_MEMORY
from bptui.guest.guest_layer import GuestLayer
from bptui.guest.pending_call import Pending
from bptui.own_layers.own_layer import LayerFile
from guests import ARRIVE, array, guest, heard, layer_file, line_of, rules, wait_for_arrival
from waiting import work_until

BACKWARD = "def backward(self, dout): return dout"


def layer_with(folder: Path, body: str) -> LayerFile:
    """Return a file whose one layer does ``body`` in forward, on one line marked HERE where it says so."""
    return layer_file(folder, f"class Guest:\n    def forward(self, x):\n        {body}\n    {BACKWARD}\n")


def failure(layer: GuestLayer, *values: object) -> LayerError:
    with pytest.raises(LayerError) as caught:
        layer.forward(*(values or (array(1.0, 2.0),)))
    return caught.value


def given_up(pending: Pending) -> LayerError:
    with pytest.raises(LayerError) as caught:
        pending.result(seconds=0)
    return caught.value


def assert_told(error: LayerError, file: LayerFile, what: str, mark: str = "HERE") -> None:
    assert error.path == str(file.path)
    assert error.line == line_of(file, mark)
    assert what in error.message
    assert error.message.startswith("y: Guest.")
    assert error.hint is not None
    assert mark in error.hint


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("raise ValueError('my own words')  # HERE", "ValueError: my own words"),
        ("return x @ np.ones((5, 5))  # HERE", "ValueError: matmul"),
        ("return self.weights  # HERE", "AttributeError"),
        ("raise KeyboardInterrupt  # HERE", "KeyboardInterrupt"),
        ("import sys; sys.exit(3)  # HERE", "sys.exit(3)"),
        ("def dig(): dig()  # HERE\n        dig()", "RecursionError"),
        ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})  # HERE", "Odd"),
        ("return eval('1 +', {})  # HERE", "SyntaxError"),
    ],
)
def test_an_exception_is_told_with_the_users_line_and_the_next_call_goes_on(
    tmp_path: Path, body: str, what: str
) -> None:
    file = layer_with(tmp_path, f"if x[0] < 0: return x\n        {body}")
    with guest(file) as layer:
        assert_told(failure(layer), file, what)
        assert layer.forward(array(-1.0)) == [-1.0]


def test_an_exception_inside_numpy_is_told_at_the_users_line_that_called_it(tmp_path: Path) -> None:
    file = layer_with(tmp_path, "return np.mean(x, axis=7)  # HERE")
    with guest(file) as layer:
        assert_told(failure(layer), file, "AxisError")


def test_an_exception_in_backward_is_told_too(tmp_path: Path) -> None:
    file = layer_file(
        tmp_path,
        """
        class Guest:
            def forward(self, x): return x
            def backward(self, dout):
                return dout * self.mask  # HERE
        """,
    )
    with guest(file) as layer:
        layer.forward(array(1.0))
        with pytest.raises(LayerError) as caught:
            layer.backward(array(1.0))
        assert_told(caught.value, file, "Guest.backward: AttributeError")


@pytest.mark.parametrize(
    "body",
    [
        f"while True: {ARRIVE}  # HERE",
        f"{ARRIVE}; sum(iter(int, 1))  # HERE, and it holds the interpreter's lock in C",
        f"import time; {ARRIVE}; time.sleep(1e6)  # HERE",
        f"import threading; {ARRIVE}; threading.Semaphore(0).acquire()  # HERE",
        f"import re; {ARRIVE}; re.match('(a+)+$', 'a' * 60 + 'b')  # HERE, in C",
        f"{ARRIVE}; print('x' * 1000, end='') or [print('y' * 1000) for _ in iter(int, 1)]  # HERE",
        f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {ARRIVE}; [0 for _ in iter(int, 1)]  # HERE",
    ],
)
def test_a_call_that_never_returns_keeps_nobody_waiting_and_its_line_is_known(tmp_path: Path, body: str) -> None:
    file = layer_with(tmp_path, body)
    with guest(file) as layer:
        pending = layer.begin_forward(array(1.0))
        wait_for_arrival(file)
        assert not pending.is_ready()
        assert_told(given_up(pending), file, "did not return within 0 s")
        assert layer.host.process is None


def test_even_a_guest_that_has_stopped_itself_is_ended(tmp_path: Path) -> None:
    file = layer_with(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")
    with guest(file) as layer:
        pending = layer.begin_forward(np.ones(5_000_000))
        assert "did not return" in given_up(pending).message


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("import ctypes; ctypes.string_at(0)  # HERE", "the layer process ended by SIGSEGV"),
        ("import os; os.abort()  # HERE", "the layer process ended by SIGABRT"),
        ("import sys; sys.setrecursionlimit(10**7); dig = lambda *_: list(map(dig, [0])); dig()  # HERE", ""),
    ],
)
def test_a_crash_names_the_signal_and_the_line(tmp_path: Path, body: str, what: str) -> None:
    file = layer_with(tmp_path, f"if x[0] < 0: return x\n        {body}")
    with guest(file) as layer:
        error = failure(layer)
        assert_told(error, file, what)
        assert layer.forward(array(-1.0)) == [-1.0]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("import os; os._exit(0)", "ended itself with exit status 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended by SIGKILL"),
        ("import os; os.closerange(3, 100)", "the layer process"),
    ],
)
def test_a_guest_that_leaves_without_a_word_is_told_at_its_method(tmp_path: Path, body: str, what: str) -> None:
    file = layer_with(tmp_path, body)
    with guest(file) as layer:
        assert_told(failure(layer), file, what, mark="def forward")


def test_what_forward_kept_is_gone_with_the_process_and_backward_says_so(tmp_path: Path) -> None:
    file = layer_with(tmp_path, "return x")
    with guest(file) as layer:
        layer.forward(array(1.0))
        layer.host.give_up("was stopped")
        with pytest.raises(LayerError, match="has ended"):
            layer.backward(array(1.0))


def test_a_hundred_gigabytes_are_a_memory_error_in_the_child_only(tmp_path: Path) -> None:
    file = layer_with(tmp_path, f"if x[0] < 0: return x\n        return np.ones({100 << 30}, dtype='u1')  # HERE")
    assert MOST_MEMORY < 100 << 30
    with guest(file) as layer:
        assert_told(failure(layer), file, "MemoryError")
        assert layer.forward(array(-1.0)) == [-1.0]


def test_a_value_too_large_to_hand_over_is_refused_in_the_child(tmp_path: Path) -> None:
    file = layer_with(tmp_path, f"return np.broadcast_to(x, ({wire.MOST_PAYLOAD // 8 + 1},))")
    with guest(file) as layer:
        assert "more than can be handed over" in failure(layer, array(1.0)).message


def test_output_is_captured_bounded_and_escaped_and_there_is_no_input(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    body = r"print('\x1b[2J' + 'spam' * 2_500_000); import os; os.write(2, b'\x07'); assert input.__name__; return x"
    with guest(layer_with(tmp_path, body)) as layer:
        assert layer.forward(array(1.0)) == [1.0]
        (remark,) = heard(layer)
    assert remark.rule == "prints"
    assert "10,000,006 bytes" in remark.text
    assert r"\x1b[2Jspam" in remark.text
    assert "\x1b" not in remark.text
    assert len(remark.text) < 400
    assert capfd.readouterr() == ("", "")


def test_reading_standard_input_meets_its_end(tmp_path: Path) -> None:
    file = layer_with(tmp_path, "import os; assert os.read(0, 10) == b''; return input()  # HERE")
    with guest(file) as layer:
        assert_told(failure(layer), file, "EOFError")


def test_what_is_printed_belongs_to_the_call_that_printed_it(tmp_path: Path) -> None:
    with guest(layer_with(tmp_path, "x[0] > 1 and print('loud'); return x")) as layer:
        layer.forward(array(1.0))
        assert heard(layer) == []
        layer.forward(array(2.0))
        assert [remark.rule for remark in heard(layer)] == ["prints"]


@pytest.mark.parametrize("change", ["x[0] = 7", "x *= 2", "x.shape = (1, 2)", "x.sort()"])
def test_a_mutated_input_is_noticed_and_what_was_given_stays(tmp_path: Path, change: str) -> None:
    given = array(2.0, 1.0)
    with guest(layer_with(tmp_path, f"{change}; return x * 1.0")) as layer:
        layer.forward(given)
        (remark,) = [remark for remark in heard(layer) if remark.rule == "mutates"]  # NumPy 2.5 dislikes x.shape = ...
    assert remark[:3] == ("y", "mutates", "Guest.forward writes into x, which is not its own")
    assert given.tolist() == [2.0, 1.0]


def test_a_mutated_dout_parameter_or_an_input_mutated_late_is_noticed(tmp_path: Path) -> None:
    file = layer_file(
        tmp_path,
        """
        class Guest:
            def __init__(self, W):
                self.W = W
            def forward(self, x):
                self.x = x
                return x * self.W
            def backward(self, dout):
                self.x += 1
                self.W *= 2
                self.dW = dout * 1
                dout[...] = 0
                return dout
        """,
    )
    dout, weights, x = array(1.0), array(3.0), array(5.0)
    with guest(file, "x", "W") as layer:
        layer.forward(x, weights)
        layer.backward(dout)
        texts = [remark.text for remark in heard(layer)]
    assert [text.split()[3].rstrip(",") for text in texts] == ["x", "W", "dout"]
    assert (dout[0], weights[0], x[0]) == (1.0, 3.0, 5.0)


def test_a_view_of_the_input_may_be_returned_and_shares_nothing_with_it(tmp_path: Path) -> None:
    given = array(1.0, 2.0)
    with guest(layer_with(tmp_path, "return x[::-1]")) as layer:
        out = layer.forward(given)
    assert out.tolist() == [2.0, 1.0]
    assert not np.shares_memory(out, given)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("pass", "returned None: a return is missing"),
        ("return [1.0, 2.0]", "returned a list of 2, not an array"),
        ("return 'x'", "returned a str"),
        ("return x.astype(object)", "an array of dtype object"),
        ("return x.astype(complex)", "an array of dtype complex128"),
        ("return np.array(['a'])", "an array of dtype <U1"),
        ("return 10**30", "an integer beyond 64 bits"),
        ("return np.ma.masked_array(x)[0:0].filled and type('A', (), {})()", "returned an A"),
    ],
)
def test_what_is_no_array_is_refused_by_its_name(tmp_path: Path, body: str, what: str) -> None:
    file = layer_with(tmp_path, body)
    with guest(file) as layer:
        assert_told(failure(layer), file, what, mark="def forward")


def test_a_tuple_for_one_name_says_how_its_values_get_names(tmp_path: Path) -> None:
    file = layer_with(tmp_path, "return (x, x)")
    with guest(file) as layer:
        error = failure(layer)
    assert (error.path, error.line) == (str(file.path), line_of(file, "def forward"))
    assert "returned a tuple of 2, and the formula names one output" in error.message
    assert error.hint is not None
    assert '"h, c" = "Guest(...)"' in error.hint


@pytest.mark.parametrize("kind", ["int64", "float32", "bool", "float16"])
def test_another_dtype_is_recorded_as_it_is_and_remarked_upon(tmp_path: Path, kind: str) -> None:
    with guest(layer_with(tmp_path, f"return x.astype('{kind}')")) as layer:
        assert layer.forward(array(1.0, 0.0)).dtype == kind
        assert [remark.text for remark in heard(layer)] == [
            f"Guest.forward returns {kind} where the scenario has float64"
        ]


def test_nan_and_big_endian_numbers_come_across_as_they_are(tmp_path: Path) -> None:
    with guest(layer_with(tmp_path, "return np.array([x[0], np.nan, np.inf, -0.0]).astype('>f8')")) as layer:
        out = layer.forward(array(0.1))
    assert out.tobytes() == np.array([0.1, np.nan, np.inf, -0.0]).tobytes()


@pytest.mark.parametrize(
    ("returned", "what"),
    [
        ("dout, dout, dout", "returned 3 gradients for 2 inputs"),
        ("dout.sum(), dout", "gives x, which is [2], a gradient that is scalar"),
        ("dout, dout[:, None]", "gives y, which is [2], a gradient that is [2, 1]"),
        ("dout, [1, 2]", "returned a list of 2 as the gradient of y"),
        ("[[1, 2], [3, 4]]", "returned a list of 2 as the gradient of x"),
    ],
)
def test_gradients_of_a_wrong_number_or_shape_are_refused(tmp_path: Path, returned: str, what: str) -> None:
    file = layer_file(
        tmp_path,
        f"""
        class Guest:
            def forward(self, x, y): return x + y
            def backward(self, dout): return {returned}  # HERE
        """,
    )
    with guest(file, "a", "b") as layer:
        layer.forward(array(1.0, 2.0), array(3.0, 4.0))
        with pytest.raises(LayerError) as caught:
            layer.backward(array(1.0, 1.0))
        assert_told(caught.value, file, what)


def test_a_missing_gradient_is_remarked_upon_unless_the_input_is_a_target(tmp_path: Path) -> None:
    text = """
        class Guest:
            def forward(self, x, {second}): return x + {second}
            def backward(self, dout): return dout
        """
    for second, count in (("y", 1), ("t", 0)):
        with guest(layer_file(tmp_path, text.format(second=second)), "a", "b") as layer:
            layer.forward(array(1.0), array(3.0))
            gradient, none = layer.backward(array(1.0))
            assert gradient == [1.0]
            assert none is None
            assert len(heard(layer)) == count


def test_nothing_that_a_guest_changes_in_its_process_changes_ours(tmp_path: Path) -> None:
    file = layer_with(
        tmp_path,
        "import os, signal, threading, time, warnings; np.seterr(all='raise'); np.set_printoptions(precision=1); "
        "os.chdir('/'); signal.signal(signal.SIGINT, signal.SIG_IGN); os.environ['MARK'] = '1'; os.nice(1); "
        "threading.Thread(target=time.sleep, args=(1e6,)).start(); warnings.simplefilter('error'); return x",
    )
    before = state_of_this_process()
    with guest(file) as layer:
        assert layer.forward(array(1.0)) == [1.0]
        assert layer.forward(array(2.0)) == [2.0]
    assert state_of_this_process() == before


def state_of_this_process() -> tuple[object, ...]:
    return (
        np.geterr(),
        np.get_printoptions(),
        Path.cwd(),
        signal.getsignal(signal.SIGINT),
        dict(os.environ),
        os.getpriority(os.PRIO_PROCESS, 0),
        threading.active_count(),
        warnings.filters[:],
    )


def test_floating_point_faults_and_warnings_are_counted_and_never_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    body = "import warnings; warnings.warn('my own'); np.log(x); np.exp(x * 1e6); return 1 / x"
    with guest(layer_with(tmp_path, body)) as layer:
        assert layer.forward(array(0.0, 1.0)).tolist() == [np.inf, 1.0]
        texts = {remark.text for remark in heard(layer)}
    assert texts == {
        "Guest.forward warns: UserWarning: my own",
        "Guest.forward warns 2 times: divide by zero",
        "Guest.forward warns: overflow",
        "Guest.forward makes Infinity of finite numbers at [0]",
    }
    assert rules(layer) == {"warns", "finite"}
    assert capfd.readouterr() == ("", "")


def test_a_process_is_gone_with_all_its_children_when_it_is_closed(tmp_path: Path) -> None:
    body = "import os, time; left = os.fork() or time.sleep(1e6); return np.array(float(left))"
    with guest(layer_with(tmp_path, body)) as layer:
        left_behind = int(layer.forward(array(1.0)))
        assert is_running(left_behind)
    wait_for_end(left_behind)


def test_a_guest_that_ends_is_noticed_even_if_a_child_of_its_own_keeps_the_connection(tmp_path: Path) -> None:
    body = "import os, time; os.fork() and os._exit(5); time.sleep(1e6)"
    with guest(layer_with(tmp_path, body)) as layer:
        assert "exit status 5" in failure(layer).message


@pytest.mark.parametrize("body", ["return x", "return sum(iter(int, 1))  # in C, with the interpreter's lock"])
def test_the_process_dies_with_ours_even_if_ours_is_killed(tmp_path: Path, body: str) -> None:
    file = layer_with(tmp_path, body)
    program = (
        "import os, sys, signal; from pathlib import Path; from guests import guest, array\n"
        "from bptui.own_layers.own_layer import LayerFile\n"
        f"path = Path({str(file.path)!r})\n"
        "with guest(LayerFile(path, path.read_text())) as layer:\n"
        "    layer.begin_forward(array(1.0)).wait(1.0)\n"
        "    print(layer.host.process.child.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    support = Path(__file__).parents[1] / "support"
    ours = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(support)},
    )
    assert ours.returncode == -signal.SIGKILL, ours.stderr
    wait_for_end(int(ours.stdout))


def wait_for_end(process: int) -> None:
    """Return when the system has done what it has begun."""
    work_until(lambda: not is_running(process))


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
