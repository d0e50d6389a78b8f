"""A scenario to start from, with a word on every part: what ``bptui new`` writes."""

from __future__ import annotations

from pathlib import Path

from bptui.report.new_files import write_new_files

BLANK = """\
# A scenario: a small network with its numbers. `bptui run` steps through it, `bptui trace` prints every step.

title = "My network"
about = "What there is to see, in a sentence or two."
seed = 0                            # every random number below is drawn from it

[inputs]                            # the data: numbers, lists of numbers, or a table like those of [parameters]
x = [[1.0, 0.5], [0.2, -0.3]]       # two samples with two features each
t = [0, 1]                          # the class of each sample, counted from 0
# u = { file = "batch.npz", key = "x" }   # from a .npy, .npz or .csv file beside this one
# v = { file = "table.csv", key = ["height", "weight"] }   # columns by the names in the first line, one or several

[parameters]                        # what training changes
W1 = { shape = [2, 3], init = "he" }
b1 = { shape = [3], init = "zeros" }
W2 = { shape = [3, 2], init = "xavier" }

[nodes]                             # one formula a node, in any order; `bptui list` tells the layers
a1 = "Affine(x, W1, b1)"
z1 = "Relu(a1)"
a2 = "z1 @ W2"                      # operators work too: + - * / ** @
loss = "SoftmaxWithLoss(a2, t)"

# [run]
# output = "loss"                   # where the backward pass starts; needed where it is not plain
# dout = 1.0                        # the gradient that enters there

# [train]                           # repeats forward, backward and an update of the parameters
# optimizer = "SGD"                 # or Momentum, AdaGrad, RMSProp, Adam
# lr = 0.1
# steps = 10

# [expect.values]                   # numbers that you have worked out by hand
# loss = 0.69
"""


def write_new_scenario(path: Path) -> None:
    """Write the scenario to a new file. Raises BptuiError; a file that exists is never touched."""
    write_new_files({path: BLANK.encode()})
