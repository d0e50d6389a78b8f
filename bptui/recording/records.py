"""The records of ``trace --json`` and of transcripts, one class a kind: the one place that knows their fields.

``codec`` writes and reads them by these declarations, and ``record_schema`` describes them. A field with a default is
left out where it is the default. A reader ignores fields that it does not know. In a transcript a ``digest`` follows
the fields of each record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, TypeAlias

from bptui.core import text
from bptui.core.command import Command
from bptui.core.order import Pass
from bptui.errors import Location, TranscriptError
from bptui.recording.action_words import COMMAND
from bptui.recording.codec import decode_record, layout_of, nested_record
from bptui.recording.field_kind import (
    ARRAY,
    INTEGER,
    NUMBER,
    SECONDS,
    TABLE,
    TEXT,
    TRAIN,
    VERSION,
    by_name,
    list_of,
    one_or_several,
    one_word_of,
    or_null,
)
from bptui.recording.json_line import DamagedTranscriptError, JsonObject
from layers import Array

Name: TypeAlias = Annotated[str, TEXT]
Text: TypeAlias = Annotated[str, TEXT]
Integer: TypeAlias = Annotated[int, INTEGER]
NameList: TypeAlias = Annotated[tuple[str, ...], list_of(TEXT)]
Arrays: TypeAlias = Annotated[tuple[Array | None, ...], list_of(or_null(ARRAY))]
ArrayOrNull: TypeAlias = Annotated[Array | None, or_null(ARRAY)]


@dataclass(frozen=True, eq=False)
class Record:
    """A line of a transcript. Its constants and fields stand in the order in which they are written."""

    kind: ClassVar[str]


@dataclass(frozen=True)
class PlaceRecord:
    """A line of a file."""

    file: Text
    line: Annotated[int | None, or_null(INTEGER)]


def as_where(place: PlaceRecord | None) -> Location | None:
    """Return the place that a record tells of."""
    return None if place is None else Location(place.file, place.line)


Place: TypeAlias = Annotated[PlaceRecord | None, or_null(nested_record(PlaceRecord))]


@dataclass(frozen=True, eq=False)
class CurveRecord:
    """The ``values`` of a layer of the user's own over inputs evenly spaced ``between`` two, in one ``place``."""

    place: Integer
    between: Annotated[Array, ARRAY]
    values: Annotated[Array, ARRAY]


CurveOrNull: TypeAlias = Annotated[CurveRecord | None, or_null(nested_record(CurveRecord))]


@dataclass(frozen=True)
class WorstRecord:
    """The element that shows a finding: what backward says there, what was measured, and the error of that."""

    index: Annotated[tuple[int, ...], list_of(INTEGER)]
    analytic: Annotated[float, NUMBER]
    numeric: Annotated[float, NUMBER]
    error: Annotated[float, NUMBER]


WorstOrNull: TypeAlias = Annotated[WorstRecord | None, or_null(nested_record(WorstRecord))]


@dataclass(frozen=True)
class FindingRecord:
    """What a check has found by one ``rule``, as ``bptui check --json`` tells it, and since which iteration (from 1).

    ``ladder`` has the slopes at the worst element: for each size of step that, and from the left, the right and both.
    """

    rule: Text
    verdict: Annotated[str, one_word_of("pass", "fail", "kink", "skip")]
    input: Annotated[str | None, or_null(TEXT)] = None
    worst: WorstOrNull = None
    reason: Text = ""
    mistake: Annotated[str | None, or_null(TEXT)] = None
    advice: Annotated[str | None, or_null(TEXT)] = None
    where: Place = None
    slot: Text = ""
    output: Text = ""
    ladder: Annotated[tuple[tuple[float, ...], ...], list_of(list_of(NUMBER))] = ()
    follows: Annotated[str | None, or_null(TEXT)] = None
    since: Integer = 1


@dataclass(frozen=True)
class ProgramRecord:
    """A program that was watched: its file, what stands in that, and what it was given."""

    path: Text
    text: Text
    arguments: NameList


@dataclass(frozen=True, eq=False)
class NodeRecord:
    """What the header says of a node.

    ``outputs`` are named where there are several; ``made`` are those of its inputs that its layer makes itself, and
    ``origin`` is the file and line of a layer of the user's own. A program's node is called at ``call``, in ``group``.
    ``functions`` are what the two passes of a layer of the user's own are called, and ``derivative`` where dout is
    multiplied by what the second returns.
    """

    name: Name
    layer: Text
    inputs: NameList
    options: Annotated[Mapping[str, Any], TABLE]
    outputs: NameList = ()
    made: NameList = ()
    origin: Text = ""
    call: Place = None
    group: Text = ""
    functions: NameList = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class HeaderRecord(Record):
    """All that a reader needs to know to make sense of the steps. A program has ``program`` instead of ``source``.

    ``inputs`` and ``parameters`` say which of ``values`` are which; the rest are constants. ``own_layers`` are the
    names that meant layers of the user's own, and not those of bptui that may bear them too. ``train`` is None where
    nothing is trained. ``expanded`` are the nodes that were run as simpler ones, ``machine`` tells where it ran, and
    ``files`` has the text of the files that own layers came from, and ``data`` the SHA-256 of data files.
    """

    kind = "header"

    bptui: Annotated[int, VERSION]
    title: Text
    source: Annotated[str | None, or_null(TEXT)] = None
    program: Annotated[ProgramRecord | None, or_null(nested_record(ProgramRecord))] = None
    dtype: Text
    seed: Integer
    output: Name
    values: Annotated[Mapping[str, Array], by_name(ARRAY)]
    nodes: Annotated[tuple[NodeRecord, ...], list_of(nested_record(NodeRecord))]
    versions: Annotated[Mapping[str, str], by_name(TEXT)]
    about: Text = ""
    inputs: Annotated[tuple[str, ...] | None, or_null(list_of(TEXT))] = None
    parameters: Annotated[tuple[str, ...] | None, or_null(list_of(TEXT))] = None
    train: Annotated[Mapping[str, Any] | None, or_null(TRAIN)] = None
    own_layers: NameList = ()
    expanded: NameList = ()
    machine: Annotated[Mapping[str, str], by_name(TEXT)] = field(default_factory=dict)
    files: Annotated[Mapping[str, str], by_name(TEXT)] = field(default_factory=dict)
    data: Annotated[Mapping[str, str], by_name(TEXT)] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class GraphRecord(Record):
    """The graph of a program's next iteration, and its leaves, where these are not as the one before has left them.

    ``computed`` are the leaves that the program's code between layers has computed, with its line.
    """

    kind = "graph"

    nodes: Annotated[tuple[NodeRecord, ...], list_of(nested_record(NodeRecord))]
    values: Annotated[Mapping[str, Array], by_name(ARRAY)]
    output: Name
    inputs: NameList
    parameters: NameList
    computed: Annotated[Mapping[str, PlaceRecord], by_name(nested_record(PlaceRecord))] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class NumberedRecord(Record):
    """A step, by its number and its iteration, both from 1."""

    kind = "step"

    step: Integer
    iteration: Integer
    pass_: ClassVar[Pass]


@dataclass(frozen=True, eq=False)
class ForwardRecord(NumberedRecord):
    """A node's forward: the value of each of its outputs."""

    pass_ = Pass.FORWARD

    node: Name
    outs: Annotated[tuple[Array, ...], one_or_several("out", "outs", ARRAY)]
    call: Place = None
    group: Text = ""
    curve: CurveOrNull = None
    branch: Text = ""

    @property
    def name(self) -> str:
        """Whose step it is."""
        return self.node


@dataclass(frozen=True, eq=False)
class BackwardRecord(NumberedRecord):
    """A node's backward: what arrives at each output, and for each input the local derivative and the contribution."""

    pass_ = Pass.BACKWARD

    node: Name
    douts: Annotated[tuple[Array | None, ...], one_or_several("dout", "douts", or_null(ARRAY))]
    local: Arrays
    gradients: Arrays
    call: Place = None
    group: Text = ""
    curve: CurveOrNull = None
    branch: Text = ""

    @property
    def name(self) -> str:
        """Whose step it is."""
        return self.node


@dataclass(frozen=True, eq=False)
class UpdateRecord(NumberedRecord):
    """A parameter's update; in a program a line has made it, the ``call``."""

    pass_ = Pass.UPDATE

    parameter: Name
    gradient: ArrayOrNull
    before: Annotated[Array, ARRAY]
    after: Annotated[Array, ARRAY]
    call: Place = None
    branch: Text = ""

    @property
    def name(self) -> str:
        """Whose step it is."""
        return self.parameter


StepRecord: TypeAlias = ForwardRecord | BackwardRecord | UpdateRecord


@dataclass(frozen=True)
class OutputRecord(Record):
    """What a program has printed when step ``at`` had been seen, and not the one after it."""

    kind = "output"

    at: Integer
    text: Text


@dataclass(frozen=True, eq=False)
class EndRecord(Record):
    """What every value and gradient is after the last step."""

    kind = "end"

    values: Annotated[Mapping[str, Array | None], by_name(or_null(ARRAY))]
    gradients: Annotated[Mapping[str, Array | None], by_name(or_null(ARRAY))]
    branch: Text = ""


@dataclass(frozen=True, eq=False)
class EditRecord:
    """What a person has set: ``of`` a leaf, the output of a node or the dout of one, in an iteration (from 1)."""

    of: Text
    name: Name
    iteration: Integer
    value: Annotated[Array, ARRAY]


@dataclass(frozen=True, eq=False)
class BranchRecord(Record):
    """A branch that goes on from its ``parent`` after an ``edit``, or runs another graph, which is then given.

    Its steps name it; until the next branch, or a command that goes to one, the actions are in it.
    """

    kind = "branch"

    branch: Name
    parent: Name
    words: Text
    edit: Annotated[EditRecord | None, or_null(nested_record(EditRecord))] = None
    graph: Annotated[GraphRecord | None, or_null(nested_record(GraphRecord))] = None


@dataclass(frozen=True)
class ActionRecord(Record):
    """A command that took the cursor to step ``at``, ``time`` seconds after recording had started."""

    kind = "action"

    at: Integer
    time: Annotated[float, SECONDS]
    command: Annotated[Command, COMMAND]


@dataclass(frozen=True)
class NoteRecord(Record):
    """What a person wrote down at step ``at``, ``time`` seconds after recording had started."""

    kind = "note"

    at: Integer
    time: Annotated[float, SECONDS]
    text: Text


@dataclass(frozen=True)
class VerdictRecord(Record):
    """What the full check of a node came to, with the values of some iterations (from 1), and the evidence for it."""

    kind = "verdict"

    at: Integer
    time: Annotated[float, SECONDS]
    node: Name
    iterations: Annotated[tuple[int, ...], list_of(INTEGER)]
    findings: Annotated[tuple[FindingRecord, ...], list_of(nested_record(FindingRecord))]
    branch: Text = ""


RECORDS: tuple[type[Record], ...] = (
    HeaderRecord,
    GraphRecord,
    ForwardRecord,
    BackwardRecord,
    UpdateRecord,
    OutputRecord,
    EndRecord,
    BranchRecord,
    ActionRecord,
    NoteRecord,
    VerdictRecord,
)
"""Every kind of record, in the order in which a transcript has the first of each."""


def read_record(json: JsonObject) -> Record:
    """Return the record that a JSON object is. Raises TranscriptError."""
    return decode_record(class_of(json), json)


def class_of(json: JsonObject) -> type[Record]:
    """Return the class of a record, by its kind and, of a step, its pass. Raises TranscriptError."""
    kind = json.get("kind")
    if not isinstance(kind, str):
        raise TranscriptError("a record without a kind")
    classes = [it for it in RECORDS if it.kind == kind]
    if not classes:
        raise TranscriptError(f"a record of unknown kind {text.visible(kind)}", hint="made by a newer bptui?")
    fitting = [it for it in classes if has_constants(it, json)]
    if not fitting:
        raise DamagedTranscriptError(f"a {kind} of no pass that there is")
    return fitting[0]


def has_constants(record: Any, json: JsonObject) -> bool:
    """Return whether an object has what always stands in such records."""
    return all(json.get(key) == value for key, value in layout_of(record).constants.items())
