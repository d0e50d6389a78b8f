"""``[nodes]``: from formulas to the nodes of a graph, every name, layer and option in them being known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from bptui.core.graph import Node
from bptui.core.text import counted, visible
from bptui.deferred_dataclass import dataclass
from bptui.errors import Location, ScenarioError, reason_of
from bptui.own_layers.own_layer import TARGETS, OwnLayer
from bptui.scenario import formula
from bptui.scenario.formula import FormulaError, LayerArgument, Operation
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.definition import Definition
from bptui.scenario.reading.names import Places
from bptui.scenario.reading.options_by_place import with_options_by_place
from bptui.scenario.reading.signature import Signature, outputs_of, signature_of
from bptui.scenario.reading.value_forms import ValueFormError, from_lists, toml_kind
from bptui.scenario.toml import Document
from layers import Array, Layer

MOST_OFFERED = 12
"""Layers that a hint lists."""


@dataclass(frozen=True, eq=False, slots=True)
class NodeReader:
    """Reads formulas, given the ``library`` of layers and the ``places`` of all names in the document.

    Collects on the way the ``constants``, by the way they are written, and the ``labels``: inputs in a label slot.
    """

    document: Document
    library: Mapping[str, type[Layer] | OwnLayer]
    places: Places
    dtype: np.dtype[Any]
    problems: Problems
    refused: Mapping[str, ScenarioError] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)

    def read(self, definition: Definition) -> list[Node]:
        """Return the nodes that a formula stands for. Raises ScenarioError."""
        name, written = definition.name, definition.written
        if not isinstance(written, str):
            raise self.document.error(
                f"{visible(name)}: got {toml_kind(written)}, wanted a formula in quotes",
                *definition.path,
                hint=f'{visible(name)} = "Relu(x)"' if not isinstance(written, dict) else "a name has no dots",
            )
        try:
            operations = formula.parse_formula(written)
        except FormulaError as error:
            raise self.error(error.message, definition, error.at, error.hint) from None
        inner = [(f"{definition.named_outputs[0]}.{step}",) for step in range(1, len(operations))]
        outputs = [*inner, definition.outputs]
        return [self.node(operation, outputs, step, definition) for step, operation in enumerate(operations)]

    def node(self, operation: Operation, outputs: Sequence[tuple[str, ...]], step: int, definition: Definition) -> Node:
        """Return the node of one operation; ``outputs`` has the names that those of the formula give.

        Raises ScenarioError for an input that nothing defines.
        """
        operation = self.with_options(operation, definition)
        inputs = []
        for argument in operation.arguments:
            if argument.step is not None:
                inputs.append(outputs[argument.step][0])
                continue
            inputs.append(argument.name)
            if argument.is_constant:
                with self.problems.collecting():
                    self.constants[argument.name] = self.constant(argument, definition)
            elif argument.name not in self.places:
                with self.problems.collecting():
                    raise self.undefined(argument, definition)
        with self.problems.collecting():
            self.check_layer(operation, inputs, len(outputs[step]), definition)
            self.check_outputs(operation, outputs[step], definition)
        options = {option: value for option, (value, _) in operation.options.items()}
        layer = self.library.get(operation.layer)
        origin, functions = (str(layer.where), layer.functions) if isinstance(layer, OwnLayer) else ("", None)
        where = self.where(definition, operation.at)
        names = outputs[step]
        return Node(
            names[0],
            operation.layer,
            tuple(inputs),
            options,
            where,
            outputs=names,
            origin=origin,
            functions=functions,
        )

    def with_options(self, operation: Operation, definition: Definition) -> Operation:
        """Return an operation with the constants as options that are no inputs. Raises ScenarioError."""
        try:
            return with_options_by_place(operation, self.library.get(operation.layer))
        except FormulaError as error:
            raise self.error(error.message, definition, error.at, error.hint) from None

    def check_outputs(self, operation: Operation, names: Sequence[str], definition: Definition) -> None:
        """Refuse other outputs than a built-in layer gives: of own layers the run tells. Raises ScenarioError."""
        layer = self.library.get(operation.layer)
        if layer is None or isinstance(layer, OwnLayer):
            return
        given = outputs_of(layer, {option: value for option, (value, _) in operation.options.items()})
        if len(given) == len(names):
            return
        gives = "gives one value" if len(given) == 1 else f"gives {len(given)} values ({', '.join(given)})"
        hint = f'"{", ".join(given)}" = "{operation.layer}(...)", and _ for a value that nobody needs'
        if names is not definition.outputs:
            message = f"{operation.layer} {gives}, and here one is needed"
            raise self.error(message, definition, operation.layer_at, f"give it a node of its own: {hint}")
        message = f"{operation.layer} {gives}, and the node has {counted(len(names), 'name')}"
        first = definition.named_outputs[0]
        raise self.document.key_error(message, *definition.key, hint=hint if len(given) > 1 else f"{first} = ...")

    def check_layer(self, operation: Operation, inputs: Sequence[str], outputs: int, definition: Definition) -> None:
        """Refuse a layer that there is not, or that takes other inputs or options; note what it takes as labels.

        Raises ScenarioError.
        """
        if operation.layer in self.refused:
            raise self.refused[operation.layer]
        layer = self.library.get(operation.layer)
        if isinstance(layer, OwnLayer):
            self.check_own_layer(layer, operation, inputs, outputs, definition)
            return
        if layer is None:
            message = f"no layer is called {visible(operation.layer)}"
            raise self.error(message, definition, operation.layer_at, self.layer_hint(operation.layer))
        takes = signature_of(layer)
        count = len(inputs)
        if not takes.takes(count):
            message = f"{operation.layer} takes {takes.counts}, got {count}"
            raise self.error(message, definition, operation.layer_at, f"{operation.layer}{takes}")
        self.check_options(operation, takes, definition)
        for name, slot in zip(inputs, takes.inputs, strict=False):
            if slot in layer.targets and name in self.places and self.places[name][0] == "inputs":
                self.labels.add(name)

    def layer_hint(self, name: str) -> str | None:
        """Return the nearest layer, or those that there are; beside own layers, a built-in one is never meant."""
        own = [name for name, layer in self.library.items() if isinstance(layer, OwnLayer)]
        if not own and not self.refused:
            return nearest(name, self.library)
        return nearest(name, own) or f"your files give {', '.join(map(visible, own[:MOST_OFFERED])) or 'no layers'}"

    def check_options(self, operation: Operation, takes: Signature, definition: Definition) -> None:
        """Refuse an option that a layer does not have, and the lack of one that it needs. Raises ScenarioError."""
        for option, (_, at) in operation.options.items():
            if option not in takes.options:
                hint = nearest(option, takes.options) or f"{operation.layer}{takes}"
                raise self.error(f"{operation.layer} has no option {visible(option)}", definition, at, hint)
        for option in takes.required:
            if option not in operation.options:
                message = f"{operation.layer} needs the option {option}"
                raise self.error(message, definition, operation.layer_at, f"{operation.layer}{takes}")

    def check_own_layer(
        self, layer: OwnLayer, operation: Operation, inputs: Sequence[str], outputs: int, definition: Definition
    ) -> None:
        """Refuse inputs and options that the user's class does not take; note what it takes as labels.

        Raises ScenarioError.
        """
        options = {option: value for option, (value, _) in operation.options.items()}
        try:
            share = layer.share(len(inputs), options, outputs=outputs)
        except ValueError as error:
            hint = f"it is {layer}, a {layer.style}, in {layer.where}"
            raise self.error(reason_of(error), definition, operation.layer_at, hint) from None
        self.labels.update(name for name, slot in zip(inputs, share.inputs, strict=False) if slot in TARGETS)

    def constant(self, argument: LayerArgument, definition: Definition) -> Array:
        """Return a number of a formula in the scenario's dtype.

        Raises ScenarioError for a number that the dtype does not hold.
        """
        try:
            return from_lists(float(argument.name), self.dtype)
        except ValueFormError as error:
            raise self.error(error.message, definition, argument.at) from None

    def undefined(self, argument: LayerArgument, definition: Definition) -> ScenarioError:
        """Return the error about a name that nothing bears."""
        name = argument.name
        hint = nearest(name, self.places)
        if name in self.library:
            layer = self.library[name]
            call = str(layer) if isinstance(layer, OwnLayer) else f"{name}{signature_of(layer)}"
            hint = f"{name} is a layer: write {call}"
        return self.error(f"nothing is called {visible(name)}", definition, argument.at, hint)

    def error(self, message: str, definition: Definition, at: int, hint: str | None = None) -> ScenarioError:
        """Return an error about the formula's character ``at``."""
        return ScenarioError(message, hint=hint, where=self.where(definition, at))

    def where(self, definition: Definition, at: int) -> Location:
        """Return the place of the formula's character ``at``."""
        return definition.where(self.document, at)
