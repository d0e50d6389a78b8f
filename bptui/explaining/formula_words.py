"""A layer's own words, ``x × y``, with a node's names, shapes or numbers put in the place of its inputs' names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Container, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from bptui.core import text
from bptui.core.graph import Node
from bptui.core.tape import Tape
from bptui.explaining.option_words import follow_options
from bptui.own_layers.own_layer import OwnLayer
from bptui.scenario.reading.signature import outputs_of
from layers import Array, Layer, library

word = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

RAISED = ("²", "³", "ᵀ", " **")
"""What after a number would take its sign in: ``(-2)²``."""

BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")

PLAIN = frozenset({"where", "holds", "fails", "else", "half", "equal", "log"})
"""Words that stand in a rule beside names and still leave it arithmetic."""

PRODUCT = re.compile(rf"(?P<one>{word.pattern})(?P<turned>ᵀ?) · (?P<other>{word.pattern})(?P<other_turned>ᵀ?)")
"""A matrix product of two values, either of which may be transposed."""

NOT_ARITHMETIC = frozenset(
    ("axis", "axes", "shape", "start", "stop", "indices", "keepdims", "size", "stride", "pad", "dilation", "groups")
)
"""Options that stand in no formula as a number of its own: they are English words there, if anything."""

MOST_INPUTS = 1_000
MOST_INLINE = 4
"""As many elements as an array may have to stand inside an equation."""


class Words(NamedTuple):
    """What a layer calls its value and its gradients. ``inputs`` has forward's own name for each input of a node.

    Among ``options`` are, as None, the inputs that a node leaves out. ``outputs`` has the layer's name for each of
    several values.
    """

    formula: str
    rules: Mapping[str, str]
    inputs: tuple[str, ...]
    options: Mapping[str, Any]
    targets: frozenset[str] = frozenset()
    outputs: tuple[str, ...] = ()

    def formula_of(self, place: int) -> str:
        """Return the formula of one of several outputs; empty where the layer does not tell."""
        if len(self.outputs) < 2:
            return self.formula
        parts = dict(part.split(" = ", 1) for part in self.formula.split("; ") if " = " in part)
        return parts.get(self.outputs[place], "")

    @property
    def numbers(self) -> dict[str, str]:
        """The options that are numbers, or None, as text."""
        if not self.options:
            return {}
        named = {name: it for name, it in self.options.items() if name not in NOT_ARITHMETIC}
        numbers = {name: text.number(it) for name, it in named.items() if isinstance(it, int | float)}
        return numbers | {name: "None" for name, it in named.items() if it is None}


def words_of(tape: Tape, node: Node) -> Words:
    """Return a node's layer's words. A guest's layer may have none; a replayed one is known by its name alone."""
    layer = tape.library.get(node.layer)
    if layer is None:
        return Words("", {}, (), node.options)
    if isinstance(layer, OwnLayer):
        share = layer.share_at(node)
        return Words("", {}, share.slots, node.options, layer.targets)
    assert isinstance(layer, type)
    labels = has_labels(tape, node, spoken(layer))
    if node.options or len(node.outputs) > 1:
        outputs = outputs_of(layer, node.options) if len(node.outputs) > 1 else ()
        return words_at(layer, node.options, inputs=len(node.inputs), has_labels=labels)._replace(outputs=outputs)
    return words_by_default(layer, inputs=len(node.inputs), has_labels=labels)


@lru_cache(maxsize=512)
def words_by_default(layer: type[Layer], *, inputs: int, has_labels: bool) -> Words:
    """Return the words of a layer with the options that it has by itself, at a node with so many inputs."""
    return words_at(layer, {}, inputs=inputs, has_labels=has_labels)


def words_at(layer: type[Layer], given: Mapping[str, Any], *, inputs: int, has_labels: bool) -> Words:
    """Return the words of a layer at a node with so many inputs that gives these options."""
    it = spoken(layer)
    names = it.inputs[:inputs]
    left_out = [name for name in it.inputs if name not in names]
    options = {name: value for name, value in {**it.options, **given}.items() if name not in names}
    formula, rules = follow_options(
        layer.__name__,
        (it.formula, it.rules),
        options | dict.fromkeys(left_out),
        it.options,
        has_labels=has_labels,
        inputs=inputs,
    )
    return Words(formula, rules, names, options, it.targets)


def has_labels(tape: Tape, node: Node, words: Words) -> bool:
    """Return whether a node's targets are labels: whole numbers that were given, and not distributions."""
    if not words.targets:
        return False
    targets = [name for own, name in zip(words.inputs, node.inputs, strict=False) if own in words.targets]
    slots = [tape.graph.slots[name] for name in targets if tape.graph.is_leaf(name)]
    return any(np.asarray(tape.leaves[slot]).dtype.kind in "iu" for slot in slots)


def is_built_in(tape: Tape, node: Node) -> bool:
    """Return whether a node's layer is one of ours, which may be run again to look at; a guest's may do anything."""
    return node.layer in library and tape.library.get(node.layer) is library[node.layer]


@lru_cache(maxsize=512)
def spoken(layer: type[Layer]) -> Words:
    """Return a class's words, with its options' defaults; each of ``*inputs`` has the one rule's name."""
    takes = list(inspect.signature(layer.forward).parameters.values())[1:]
    formula, rules = getattr(layer, "formula", ""), getattr(layer, "rules", {})
    names = tuple(it.name for it in takes if it.kind in (it.POSITIONAL_ONLY, it.POSITIONAL_OR_KEYWORD))
    if any(it.kind is it.VAR_POSITIONAL for it in takes):
        names += (next(iter(rules), ""),) * MOST_INPUTS
    options = [*inspect.signature(layer).parameters.values(), *(it for it in takes if it.name not in names)]
    defaults = {it.name: it.default for it in options if it.default is not it.empty}
    return Words(formula, rules, names, defaults, getattr(layer, "targets", frozenset()))


def name_inputs(words: Words, node: Node) -> dict[str, str]:
    """Return what stands for each of forward's names: the values' own, and the options' numbers."""
    names = {own: text.visible(name) for own, name in zip(words.inputs, node.inputs, strict=False)}
    outputs = dict(zip(words.outputs, map(text.visible, node.outputs), strict=False))
    return words.numbers | outputs | {f"d{own}": f"d {name}" for own, name in outputs.items()} | names


class RuleWord(NamedTuple):
    """A word of a rule: what stands between it and the word before it, and whether it is a function's or ``exposed``.

    The sign of a number in the place of an exposed word could be misread.
    """

    before: str
    word: str
    is_call: bool
    is_exposed: bool


@lru_cache(maxsize=512)
def words_in(rule: str) -> tuple[RuleWord, ...]:
    """Return the words of a rule, and as the last one an empty word behind what stands at the end."""
    words, end = [], 0
    for found in word.finditer(rule):
        before = rule[: found.start()].rstrip()
        is_exposed = before[-1:] not in ("", "(", ",", "|") or rule.startswith(RAISED, found.end())
        words.append(RuleWord(rule[end : found.start()], found[0], is_call(found), is_exposed))
        end = found.end()
    return (*words, RuleWord(rule[end:], "", is_call=True, is_exposed=False))


def put(rule: str, names: Mapping[str, str]) -> str:
    """Return ``rule`` with every word that ``names`` knows replaced."""
    return "".join([f"{it.before}{it.word if it.is_call else names.get(it.word, it.word)}" for it in words_in(rule)])


@lru_cache(maxsize=512)
def names_of_rule(rule: str) -> tuple[str, ...]:
    """Return the words of a rule, each as often as it stands there."""
    return tuple(word.findall(rule))


def put_numbers(rule: str, numbers: Mapping[str, str]) -> str:
    """Return ``rule`` with numbers for the words, in parentheses where a sign could be misread: ``3 - (-2)``."""
    parts: list[str] = []
    for it in words_in(rule):
        number = it.word if it.is_call else numbers.get(it.word, it.word)
        is_misread = it.is_exposed and number.startswith("-")
        parts += it.before, f"({number})" if is_misread else number
    return "".join(parts)


def is_arithmetic(rule: str, names: Container[str]) -> bool:
    """Return whether ``rule`` is nothing but arithmetic on ``names``, so that it can be worked out with numbers."""
    others = (it for it in words_in(rule) if it.word not in names and it.word not in PLAIN)
    return "Σ" not in rule and "[" not in rule and all(it.is_call for it in others)


def as_product(rule: str, arrays: Mapping[str, Array]) -> str:
    """Return a matrix product's rule as it is for vectors: ``xᵀ · dout`` of two is an outer product, ``x ⊗ dout``."""
    found = PRODUCT.fullmatch(rule)
    if found is None or not {found["one"], found["other"]} <= arrays.keys():
        return rule
    one, other = found["one"], found["other"]
    axes = np.ndim(arrays[one]), np.ndim(arrays[other])
    if 0 in axes:
        return f"{one} × {other}"
    if axes == (1, 1):
        return f"{one} {'⊗' if found['turned'] or found['other_turned'] else '·'} {other}"
    turned = [found["turned"] if axes[0] > 1 else "", found["other_turned"] if axes[1] > 1 else ""]
    return f"{one}{turned[0]} · {other}{turned[1]}"


def unbracketed(rule: str) -> str:
    """Return a rule without what stands in brackets."""
    while (inner := BRACKETED.sub("", rule)) != rule:
        rule = inner
    return rule


def is_call(found: re.Match[str]) -> bool:
    """Return whether a word is a function's: ``exp(``."""
    return found.string.startswith("(", found.end())


def put_shapes(rule: str, arrays: Mapping[str, Array]) -> str:
    """Return ``rule`` with shapes for the words, a transposed one turned round: ``[2, 3] · [3, 2]``."""

    def shape(found: re.Match[str]) -> str:
        array = arrays.get(found["name"])
        if array is None:
            return found[0]
        return text.shape(np.swapaxes(array, -1, -2) if found["turned"] and np.ndim(array) > 1 else array)

    return re.sub(rf"(?P<name>{word.pattern})(?P<turned>ᵀ?)", shape, rule)


def inline(array: Array, *, most: int = MOST_INLINE) -> str | None:
    """Return a scalar or a vector of at most ``most`` numbers as it stands in an equation, None for anything larger."""
    if np.ndim(array) > 1 or np.size(array) > most:
        return None
    numbers = array.tolist()
    return number_list(numbers) if isinstance(numbers, list) else text.number(numbers)


def brief(array: Array) -> str:
    """Return an array as a sentence names it: its numbers where they are few, otherwise its shape."""
    return inline(array) or f"of shape {text.shape(array)}"


def number_list(numbers: Any) -> str:
    """Return nested lists of numbers as text."""
    if isinstance(numbers, list):
        return f"[{', '.join(map(number_list, numbers))}]"
    return text.number(numbers)
