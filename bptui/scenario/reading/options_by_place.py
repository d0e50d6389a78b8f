"""Constants in the place of values: those beyond what a layer's forward takes as inputs go to its options in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bptui.core.text import visible
from bptui.own_layers.own_layer import OwnLayer
from bptui.scenario.formula import FormulaError, LayerArgument, Operation, Option
from bptui.scenario.reading.signature import signature_of
from layers import Layer

WORD_OF = {True: "true", False: "false", None: "None"}


def with_options_by_place(operation: Operation, layer: type[Layer] | OwnLayer | None) -> Operation:
    """Return an operation whose arguments are all values: ``MaxPool2d(x, 2, 2)`` as ``MaxPool2d(x, size=2, stride=2)``.

    Raises FormulaError for a list, a table, a text or a word that no option takes; of no layer it is not asked for one.
    """
    if not any(argument.is_constant for argument in operation.arguments):
        return operation
    if layer is None:
        return replace(operation, arguments=[it for it in operation.arguments if not it.only_option])
    names = option_names(operation, layer)
    values: list[LayerArgument] = []
    options = dict(operation.options)
    for argument, name in zip(operation.arguments, [*names, *[None] * len(operation.arguments)], strict=False):
        if name is not None:
            options[name] = Option(argument.constant, argument.at)
        elif argument.only_option:
            raise not_a_value(argument)
        else:
            values.append(argument)
    return replace(operation, arguments=values, options=options)


def option_names(operation: Operation, layer: type[Layer] | OwnLayer) -> list[str | None]:
    """Return for each argument the option that it is, None where it is a value."""
    if isinstance(layer, OwnLayer):
        return own_option_names(operation, layer)
    takes = signature_of(layer)
    left = (name for name in takes.options if name not in operation.options)
    if takes.is_variadic:
        return [next(left, None) if it.only_option else None for it in operation.arguments]
    beyond = enumerate(operation.arguments)
    return [next(left, None) if it.is_constant and place >= takes.fewest else None for place, it in beyond]


def own_option_names(operation: Operation, layer: OwnLayer) -> list[str | None]:
    """Return for each argument of a layer of the user's own the option that it is, None where it is a value.

    An input that is given a list or a table becomes an option, too: nothing else takes those.
    """
    inputs = left_of(layer.forward.required, operation)
    if layer.forward.takes_any_input:
        left = iter(left_of(layer.options, operation))
        return [next(left, None) if it.only_option else None for it in operation.arguments]
    init, forward = layer.init, layer.forward
    more = left_of((*init.required, *init.optional, *init.named, *forward.optional, *forward.named), operation)
    names = [*inputs, *more][: len(operation.arguments)]
    is_option = [
        it.only_option or (it.is_constant and place >= len(inputs)) for place, it in enumerate(operation.arguments)
    ]
    return [name if option else None for name, option in zip(names, is_option, strict=False)]


def left_of(names: Iterable[str], operation: Operation) -> Sequence[str]:
    """Return those of some names that an operation does not give as options, each once."""
    return [name for name in dict.fromkeys(names) if name not in operation.options]


def not_a_value(argument: LayerArgument) -> FormulaError:
    """Return the error about a constant that only an option can be, where there is none for it."""
    match argument.constant:
        case bool() | None:
            message, hint = f"{WORD_OF[argument.constant]} is not a value", "an option may be it: Sum(x, keepdims=true)"
        case str(text):
            message, hint = f"the text '{visible(text, limit=40)}' is not a value", "an option may be one: name='text'"
        case dict():
            message, hint = "a table is not a value", "an option may be one: param={'pad': 1}"
        case _:
            message, hint = "a list is not a value", "an option may be one: axis=[0, 1]; numbers belong in [inputs]"
    return FormulaError(message, argument.at, hint)
