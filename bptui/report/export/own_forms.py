"""The source of what calls layers of the user's own in an exported program, as bptui calls them: a class for each form.

What a class is told of a layer stands in its attributes, which a program sets where they are not as they are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class CallForm(NamedTuple):
    """The class that calls a layer, what it is made of, and its source."""

    name: str
    source: str
    base: CallForm | None = None


COMMON = '''def placed(sent, takes):
    """Return what a backward has sent, with None for each input that it leaves out."""
    is_row = isinstance(sent, list) and (len(sent) == len(takes) > 1 or all(isinstance(it, np.ndarray) for it in sent))
    sent = [None if it is None else np.asarray(it) for it in (sent if is_row or isinstance(sent, tuple) else (sent,))]
    if len(sent) < len(takes) and len(sent) == sum(takes):
        parts = iter(sent)
        return [next(parts) if it else None for it in takes]
    return sent + [None] * (len(takes) - len(sent))


def wanted(douts, taken):
    """Return the gradients of outputs as a backward takes them: some one by one, or all as a tuple."""
    copies = [np.array(it) for it in douts]
    if taken:
        return [copies[place] for place in taken]
    return copies if len(copies) == 1 else [tuple(copies)]


def all_parts(sent):
    """Yield what is in a result, one after the other."""
    if isinstance(sent, (dict, list, tuple)):
        for it in sent.values() if isinstance(sent, dict) else sent:
            yield from all_parts(it)
    else:
        yield sent


def by_key(sent, keys):
    """Return what a backward has sent, a gradient for each input, where it has sent them by name."""
    return tuple(sent.get(key) for key in keys) if keys else sent


def seed_numbers(seed):
    """Let what is drawn at random be what bptui's run has drawn."""
    if seed is not None:
        random.seed(str(list(seed)))
        np.random.seed(list(seed))'''

METHODS = CallForm(
    "OwnLayer",
    '''class OwnLayer:
    """A class at a node: it gets copies, as in bptui, and is made anew of its parameters at each forward.

    So many values are ``held``, and given to ``__init__``; what the class has made itself, ``put`` writes onto it.
    """

    held, put, gradients, makes_late, methods = 0, None, None, False, ("forward", "backward")
    options, names, again, taken, keys, behind, seed = ({}, {}, {}), (), (), (), (), (), None

    def __init__(self, make, takes, **told):
        self.make, self.takes = make, takes
        vars(self).update(told)

    def forward(self, *values):
        seed_numbers(self.seed)
        copies = [np.array(it) for it in values]
        self.inputs, parameters = copies[: len(self.takes)], copies[len(self.takes) :]
        self.layer = self.make(*parameters[: self.held], **self.options[0])
        if self.makes_late:
            self.go_forward()
        if self.put is not None:
            self.put(self.layer, parameters[self.held :])
        return self.go_forward()

    def go_forward(self):
        method = getattr(self.layer, self.methods[0])
        named = dict(zip(self.names, self.inputs))
        out = method(*(() if named else self.inputs), **named, **self.options[1])
        return self.kept("output", "outputs", "out") if out is None else out

    def go_back(self, douts):
        more = {name: self.inputs[place] for name, place in self.again}
        sent = getattr(self.layer, self.methods[1])(*wanted(douts, self.taken), **self.options[2], **more)
        return by_key(self.kept("dinputs", "dinput", "dx", "dX") if sent is None else sent, self.keys)

    def backward(self, *douts):
        sent = self.go_back(douts)
        if self.behind:
            parts = list(all_parts(sent))
            return (*parts[: len(self.takes)], *(parts[place] for place in self.behind))
        sent = placed(sent, self.takes)
        return (*sent, *(() if self.gradients is None else self.gradients(self.layer)))

    def kept(self, *names):
        return next((getattr(self.layer, name) for name in names if hasattr(self.layer, name)), None)''',
)

DERIVATIVE = CallForm(
    "OwnDerivative",
    '''def chained(dout, local):
    """Return dout times a local derivative; where a sample has one value, its own number is for its whole row."""
    shape = np.shape(dout)
    is_by_row = 0 < len(shape) < np.ndim(local) and np.shape(local)[: len(shape)] == shape
    return np.reshape(dout, shape + (1,) * (np.ndim(local) - len(shape))) * local if is_by_row else dout * local


class OwnDerivative(OwnLayer):
    """A class with a function and its derivative at a node, or a loss whose backward takes its inputs again.

    The derivative is by the input ``predicted``, and takes all inputs, or those ``given`` (None: its own output).
    """

    predicted, given, is_mean = 0, None, False

    def go_forward(self):
        out = super().go_forward()
        return np.mean(out) if self.is_mean and np.ndim(out) else out

    def go_back(self, douts):
        again = range(len(self.inputs)) if self.given is None else self.given
        inputs = [self.layer.output if place is None else self.inputs[place] for place in again]
        local = getattr(self.layer, self.methods[1])(*inputs, **self.options[2])
        local = self.kept("dinputs", "dinput", "dx", "dX") if local is None else local
        if not isinstance(local, tuple):
            local = tuple(local if place == self.predicted else None for place in range(len(self.inputs)))
        return tuple(None if it is None else chained(douts[0], it) for it in local)''',
    METHODS,
)

STATIC = CallForm(
    "OwnStatic",
    '''class Context:
    """What a forward leaves for its backward."""

    saved_tensors = ()

    def save_for_backward(self, *values):
        self.saved_tensors = values

    @property
    def saved_values(self):
        return self.saved_tensors

    @saved_values.setter
    def saved_values(self, values):
        self.saved_tensors = values


class OwnStatic:
    """A class with static methods at a node, and the context that the first hands on to the second."""

    options, names, again, taken, places, needs, seed = ({}, {}), (), (), (), (), (), None

    def __init__(self, own, takes, **told):
        self.own, self.takes = own, takes
        vars(self).update(told)

    def forward(self, *values):
        seed_numbers(self.seed)
        self.inputs = [np.array(it) for it in values]
        self.context = Context()
        self.context.needs_input_grad = self.needs
        named = dict(zip(self.names, self.inputs))
        return self.own.forward(self.context, *(() if named else self.inputs), **named, **self.options[0])

    def backward(self, *douts):
        more = {name: self.inputs[place] for name, place in self.again}
        sent = self.own.backward(self.context, *wanted(douts, self.taken), **self.options[1], **more)
        return tuple(placed(tuple(sent[at] for at in self.places) if self.places else sent, self.takes))''',
)

PAIR = CallForm(
    "OwnPair",
    '''class OwnPair:
    """Two functions at a node, and the cache that the first hands on to the second."""

    options, names, again, taken, keys, seed = ({}, {}), (), (), (), (), None

    def __init__(self, go_forward, go_back, takes, **told):
        self.go_forward, self.go_back, self.takes = go_forward, go_back, takes
        vars(self).update(told)

    def forward(self, *values):
        seed_numbers(self.seed)
        self.inputs = [np.array(it) for it in values]
        named = dict(zip(self.names, self.inputs))
        *outs, self.cache = self.go_forward(*(() if named else self.inputs), **named, **self.options[0])
        return outs[0] if len(outs) == 1 else tuple(outs)

    def backward(self, *douts):
        more = {name: self.inputs[place] for name, place in self.again}
        sent = self.go_back(*wanted(douts, self.taken), self.cache, **self.options[1], **more)
        return tuple(placed(by_key(sent, self.keys), self.takes))''',
)

LOSS = CallForm(
    "OwnLoss",
    '''class OwnLoss:
    """A function at a node that returns its gradients beside the loss."""

    options, names, keys, seed = ({},), (), (), None

    def __init__(self, function, takes, **told):
        self.function, self.takes = function, takes
        vars(self).update(told)

    def forward(self, *values):
        seed_numbers(self.seed)
        copies = [np.array(it) for it in values]
        named = dict(zip(self.names, copies))
        loss, *sent = self.function(*(() if named else copies), **named, **self.options[0])
        self.sent = by_key(sent[0], self.keys) if self.keys else sent
        return loss

    def backward(self, dout):
        return tuple(placed(tuple(None if it is None else dout * it for it in self.sent), self.takes))''',
)

FORMS: Mapping[str, CallForm] = {
    "class": METHODS,
    "class that keeps its results": METHODS,
    "class with other method names": METHODS,
    "function with its derivative": DERIVATIVE,
    "loss with its gradient": DERIVATIVE,
    "static methods with ctx": STATIC,
    "pair of functions": PAIR,
    "loss function with its gradient": LOSS,
}
"""What calls a layer of a style in the program."""

OPTIONS_FROM = {METHODS.name: 0, DERIVATIVE.name: 0, STATIC.name: 1, PAIR.name: 1, LOSS.name: 1}
"""From which of the options on a form has them: those of ``__init__``, of forward, of backward."""
