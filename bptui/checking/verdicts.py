"""The verdicts reached so far: what is known of each node at the values of each iteration, and of what lies before it.

A leaf has no layer that could be checked. Its gradient is right where every node that it came through is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property, reduce

from bptui.checking.finding import Finding, Verdict, verdict_of
from bptui.core.graph import Graph, Node
from bptui.deferred_dataclass import dataclass

ODD = (Verdict.FAIL, Verdict.KINK, Verdict.SKIP)


@dataclass(frozen=True, eq=False)
class Judged:
    """The findings on one node with the values of an iteration (from 0). ``is_quick`` tells of a look in passing."""

    node: str
    layer: str
    iteration: int
    findings: tuple[Finding, ...]
    is_quick: bool = False

    @cached_property
    def verdict(self) -> Verdict:
        """What the findings come to. Rules that were kept make no gradient right that could not be measured."""
        found = [finding.verdict for finding in self.findings]
        if Verdict.FAIL in found:
            return Verdict.FAIL
        gradients = [finding.verdict for finding in self.findings if finding.rule == "gradient"]
        return verdict_of(gradients or found)

    @cached_property
    def by_input(self) -> Mapping[str, Verdict]:
        """What the findings say of the gradient of each input by itself; nothing of one that nothing is known of."""
        found: defaultdict[str, list[Verdict]] = defaultdict(list)
        for finding in self.findings:
            if finding.input is not None and (finding.rule == "gradient" or finding.verdict is Verdict.FAIL):
                found[finding.input].append(finding.verdict)
        return {name: verdict_of(verdicts) for name, verdicts in found.items()}

    @cached_property
    def breaks_down(self) -> bool:
        """Whether a rule is broken that is about no input, so that nothing that comes through can be trusted."""
        return any(it.input is None and it.verdict is Verdict.FAIL for it in self.findings)

    def verdict_on(self, name: str) -> Verdict:
        """Return the verdict on the gradient that goes back to one input."""
        return Verdict.FAIL if self.breaks_down else self.by_input.get(name, self.verdict)

    @property
    def sign(self) -> str:
        """The verdict as one character."""
        return self.verdict.sign


class Path:
    """What the verdicts on the nodes from a value to the output come to: ``culprit`` is the nearest that failed."""

    __slots__ = ("culprit", "verdict")

    def __init__(self, verdict: Verdict | None, culprit: str | None = None) -> None:
        self.verdict = verdict
        self.culprit = culprit

    @property
    def sign(self) -> str:
        """The verdict as one character, none as long as it is not known."""
        return self.verdict.sign if self.verdict else ""


class Verdicts:
    """The latest verdict on each node, by iteration (from 0). ``version`` grows with every one.

    ``thorough`` has those that were not reached in passing. ``layerless`` are the nodes without a layer to check: those
    that a program makes between its layers.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.version = 0
        self.layerless: frozenset[str] = frozenset()
        self.judged: defaultdict[int, dict[str, Judged]] = defaultdict(dict)
        self.thorough: defaultdict[int, dict[str, Judged]] = defaultdict(dict)
        self.signs: defaultdict[int, dict[str, str]] = defaultdict(dict)
        self.odd_nodes: defaultdict[tuple[int, Verdict], set[str]] = defaultdict(set)
        self.paths_known: tuple[int, int] = (0, 0)
        self.paths: Sequence[Path] = ()

    def add(self, judged: Judged) -> None:
        """Keep a verdict; one reached in passing does not replace a thorough one."""
        known = self.judged[judged.iteration]
        if judged.is_quick and judged.node in known:
            return
        if judged.node in known:
            self.odd_nodes[judged.iteration, known[judged.node].verdict].discard(judged.node)
        known[judged.node] = judged
        if not judged.is_quick:
            self.thorough[judged.iteration][judged.node] = judged
        if judged.verdict in ODD:
            self.odd_nodes[judged.iteration, judged.verdict].add(judged.node)
        self.signs[judged.iteration][judged.node] = judged.sign
        self.version += 1

    def of(self, iteration: int, name: str) -> Judged | None:
        """Return what is known of a node."""
        return self.judged[iteration].get(name)

    def marks(self, iteration: int) -> dict[str, str]:
        """Return the verdicts as signs, by node. The mapping lives on."""
        return self.signs[iteration]

    def to_judge(self, graph: Graph) -> Sequence[Node]:
        """Return the nodes of an iteration's graph that have a layer to check."""
        return [node for node in graph.nodes if node.name not in self.layerless] if self.layerless else graph.nodes

    def wrong(self, iteration: int) -> list[Judged]:
        """Return the verdicts on the nodes that are wrong, in forward order."""
        names = self.odd_nodes.get((iteration, Verdict.FAIL), ())
        return [self.judged[iteration][name] for name in sorted(names, key=self.graph.slots.__getitem__)]

    def worst(self) -> list[Judged]:
        """Return one verdict a node, over all iterations: the first that is wrong, or else the first."""
        found: dict[str, Judged] = {}
        for _, judged in sorted(self.thorough.items()):
            for name, it in judged.items():
                known = found.setdefault(name, it)
                if it.verdict is Verdict.FAIL is not known.verdict:
                    found[name] = it
        return list(found.values())

    def told(self, iteration: int) -> str:
        """Return in words how many nodes are checked, and how many of them are not a plain pass."""
        checked = len(self.signs[iteration])
        others = (f"{count} {verdict.counted_as}" for verdict, count in self.odd(iteration).items())
        return " · ".join((f"checked {checked} of {len(self.to_judge(self.graph))}", *others)) if checked else ""

    def odd(self, iteration: int) -> dict[Verdict, int]:
        """Return how many nodes have each verdict that is not a plain pass, where any has."""
        counts = {verdict: len(self.odd_nodes.get((iteration, verdict), ())) for verdict in ODD}
        return {verdict: count for verdict, count in counts.items() if count}

    def path(self, iteration: int, name: str) -> Path:
        """Return what is known of all nodes through which the gradient of a value comes."""
        if not self.paths or self.paths_known != (iteration, self.version):
            self.paths = paths(self.graph, self.judged[iteration])
            self.paths_known = iteration, self.version
        return self.paths[self.graph.slots[name]]


UNKNOWN, RIGHT = Path(None), Path(Verdict.PASS)


def paths(graph: Graph, judged: Mapping[str, Judged]) -> list[Path]:
    """Return for each slot what the verdicts from there to the output come to, in one way back through the graph."""
    found = [RIGHT] * len(graph.names)
    for node in graph.backward:
        it, beyond = graph.nodes[node], reduce(worse, (found[slot] for slot in graph.slots_of(node)))
        for name, slot in zip(it.inputs, graph.edges[node], strict=True):
            found[slot] = worse(found[slot], through(judged.get(it.name), name, beyond))
    return found


def through(judged: Judged | None, name: str, beyond: Path) -> Path:
    """Return what a node and all beyond it come to for the gradient of the node's input of that name."""
    verdict = None if judged is None else judged.verdict_on(name)
    if judged is None or verdict is None or verdict is Verdict.SKIP:
        return worse(UNKNOWN, beyond)
    if verdict is Verdict.FAIL:
        return Path(Verdict.FAIL, judged.node)
    return worse(Path(verdict), beyond)


def worse(one: Path, other: Path) -> Path:
    """Return which of two ways leaves less to be trusted."""
    order = (Verdict.FAIL, None, Verdict.KINK)
    return next((path for verdict in order for path in (one, other) if path.verdict is verdict), one)
