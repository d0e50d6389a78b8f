"""The one place that carries out what explains a number: why, paths, depends, health."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from bptui.core.verbs.explaining import FindDependence, FindPaths, ShowHealth, Why
from bptui.session.answer import Question
from bptui.session.health_answer import health_answer
from bptui.session.path_answers import explain_dependence, explain_paths
from bptui.session.why import explain_element

if TYPE_CHECKING:
    from bptui.session.session import Session

Explaining: TypeAlias = Why | FindPaths | FindDependence | ShowHealth


def begin_explanation(session: Session, command: Explaining) -> Question:
    """Begin to explain something, and return what answers it. Raises BptuiError where there is no such thing."""
    match command:
        case Why(element):
            return explain_element(session, element)
        case FindPaths():
            return explain_paths(session, command)
        case FindDependence():
            return explain_dependence(session, command)
        case ShowHealth():
            return partial(health_answer, session)
