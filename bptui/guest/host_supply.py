"""Processes for the guests of a scenario: the one in which its files were looked at goes to the first run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bptui.core.text import visible
from bptui.errors import Location, ScenarioError
from bptui.guest import pending_call
from bptui.guest.fault import ELSEWHERE, MISSING_MODULE, Fault, crashed
from bptui.guest.host import Host
from bptui.guest.pending_call import Pending
from bptui.own_layers.layer_descriptions import GivenLayers, read_layers
from bptui.own_layers.own_layer import LayerFile

LONG_LOADING = 5.0
"""Seconds after which a person is told what a file is doing that is being imported."""

UNDER_MAIN = 'put what is not a layer under `if __name__ == "__main__":`'


class HostSupply:
    """Starts processes for the layers of ``files``; ``styles`` tells what classes of a base call their two passes."""

    def __init__(self, files: Sequence[LayerFile], styles: Mapping[str, Sequence[str]]) -> None:
        self.files = files
        self.styles = styles
        self.ready: Host | None = None

    def take(self) -> Host:
        """Return a host of the caller's own, which has run the files already if it is the first."""
        host, self.ready = self.ready, None
        return host or Host(self.files, self.styles)

    def given(self, notice: Callable[[str], None]) -> list[GivenLayers]:
        """Run the files, and return what each of them gives; ``notice`` is told of one that takes its time.

        Raises ScenarioError where one of them cannot be run.
        """
        host = self.take()
        host.start()
        assert host.loading is not None
        answer = self.loaded(host, host.loading, notice)
        if len(answer) != len(self.files):
            raise ScenarioError("its process has sent nonsense", where=Location(self.files[0].displayed_name))
        self.ready = host
        return [read_layers(file, descriptions) for file, descriptions in zip(self.files, answer, strict=True)]

    def loaded(self, host: Host, loading: Pending, notice: Callable[[str], None]) -> list[list[dict[str, object]]]:
        """Return the descriptions of what the files give. Raises ScenarioError where they cannot be imported."""
        limit = pending_call.LOADING_LIMIT
        if not loading.wait(min(limit, LONG_LOADING)):
            where = self.place(host)
            notice(f"{where}: still running after {LONG_LOADING:g} s; {UNDER_MAIN}")
            if not loading.wait(limit - LONG_LOADING):
                loading.give_up(f"was not imported within {limit:g} s")
        if isinstance(loading.answer, Fault):
            raise self.error(loading.answer)
        assert loading.answer is not None
        given: list[list[dict[str, object]]] = loading.answer["given"]
        return given

    def place(self, host: Host) -> Location:
        """Return the line at which a process is that is importing the files."""
        report = host.process.crash_report() if host.process else ""
        where = crashed("", report, host.paths).where
        return self.path_as_called(where) if where else Location(self.files[0].displayed_name)

    def path_as_called(self, where: Location) -> Location:
        """Return a place in one of the files as the user calls it."""
        names = {str(file.path): file.displayed_name for file in self.files}
        return where._replace(path=names.get(where.path, where.path))

    def error(self, fault: Fault) -> ScenarioError:
        """Return the error about files that cannot be imported."""
        hint = f"line {fault.where.line}: {visible(fault.text)}" if fault.where and fault.text else None
        if fault.message.startswith(MISSING_MODULE):
            hint = ELSEWHERE
        if "was not imported" in fault.message:
            hint = UNDER_MAIN
        where = self.path_as_called(fault.where) if fault.where else Location(self.files[0].displayed_name)
        return ScenarioError(visible(fault.message, limit=1_000), hint=hint, where=where)
