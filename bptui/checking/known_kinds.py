"""Kinds of built-in layers that a check has seen keep every rule, so that of further ones only the numbers are new.

The rules of the lint are about a layer's code, which for one class with the same options, and inputs of the same shapes
and dtypes, goes the same way; without this a network of 10,000 nodes would be linted 10,000 times.
"""

from __future__ import annotations

from dataclasses import replace

from bptui.checking.check_in_pieces import Pieces, check_in_pieces
from bptui.checking.check_node import check_node
from bptui.checking.finding import Finding, Verdict
from bptui.checking.subject import Subject
from bptui.core.graph import Node


class KnownKinds:
    """Checks the nodes of one scenario that have built-in layers, the first of each kind in full."""

    def __init__(self) -> None:
        self.kinds: set[tuple[object, ...]] = set()

    def check(self, subject: Subject, node: Node) -> tuple[Finding, ...]:
        """Return the findings on a node; where the numbers of a known kind are not right it is checked in full."""
        kind = kind_of(subject, node)
        if kind in self.kinds:
            findings = check_node(subject, keeps_rules=True)
            if is_all_right(findings):
                return findings
        findings = check_node(subject)
        if is_all_right(findings):
            self.kinds.add(kind)
        return failing_where_not_finite(findings)

    def check_in_pieces(self, subject: Subject, node: Node) -> Pieces:
        """Check a node likewise, a piece at a time."""
        kind = kind_of(subject, node)
        if kind in self.kinds:
            findings = yield from check_in_pieces(subject, keeps_rules=True)
            if is_all_right(findings):
                return findings
        findings = yield from check_in_pieces(subject)
        if is_all_right(findings):
            self.kinds.add(kind)
        return failing_where_not_finite(findings)


def failing_where_not_finite(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings on a node of a run, where NaN or infinity of finite numbers is a failure.

    As a layer it is right, for log(0) is -∞ whoever works it out. But neither its slope nor anything that comes of it
    can be measured in this run, and a check that passed would promise what nobody knows.
    """
    return tuple(replace(it, verdict=Verdict.FAIL) if it.rule == "finite" and it.mistake else it for it in findings)


def kind_of(subject: Subject, node: Node) -> tuple[object, ...]:
    """Return what two nodes have in common for which the code of a built-in layer goes the same way."""
    arrays = tuple((x.shape, x.dtype) for x in subject.inputs)
    return node.layer, repr(node.options), arrays, subject.takes_gradient, subject.spared, subject.is_last


def is_all_right(findings: tuple[Finding, ...]) -> bool:
    """Return whether every rule is kept, and every gradient right."""
    return all(finding.verdict is Verdict.PASS for finding in findings)
