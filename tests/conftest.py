"""What all tests share: Hypothesis on a machine of any speed, and the whole suite in several processes.

``pytest --hypothesis-profile=thorough`` draws many more examples of each law, ``many`` some more.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

import pytest

sys.dont_write_bytecode = False
"""Also where the environment forbids it: half of what a child process costs, and of the collection, is compiling.

Children then read what is compiled here; what they import themselves is left as the environment wants it.
"""

from hypothesis import HealthCheck, settings  # noqa: E402  (its hundred modules are compiled, and kept from now on)

MOST_WORKERS = 3
"""On two cores, too: tests of screens and of processes wait half of their time; but each worker collects all tests."""

IN_A_WORKER = "PYTEST_XDIST_WORKER"
"""What pytest-xdist sets in the environment of a worker, which must not have workers of its own."""

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""For the many processes that tests start: their arrays are small, and threads would only wait for each other."""

settings.register_profile(
    "any_speed",
    settings.get_profile(settings.get_current_profile_name()),  # "ci" where CI is set: the same examples each time
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=12,
)
settings.register_profile("many", settings.get_profile("any_speed"), max_examples=40)
settings.register_profile("thorough", settings.get_profile("any_speed"), max_examples=500)
settings.load_profile("any_speed")


def pytest_configure() -> None:
    """Let ctrl+c and a closed window end the programs that tests start, also where the suite itself ignores both.

    What a shell starts in its background ignores SIGINT, what nohup starts SIGHUP, and so would all that they start.
    """
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_collection_finish() -> None:
    """Keep all that is there before the first test out of the way of the garbage collector, which goes through it."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Spread a run of the whole suite over the cores, where pytest-xdist is installed and ``-n`` says nothing else."""
    if IN_A_WORKER in os.environ or not config.pluginmanager.has_plugin("xdist"):
        return
    if config.option.numprocesses is None and is_whole_run(config):
        config.option.numprocesses = MOST_WORKERS
        config.option.dist = "worksteal"


def is_whole_run(config: pytest.Config) -> bool:
    """Return whether all tests are run, and nobody wants to see what they print, or to debug one."""
    is_of_all = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return is_of_all and config.option.capture != "no" and not config.option.usepdb
