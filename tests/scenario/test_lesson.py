"""What a scenario has for a class: mistakes in it are told with their place."""

import pytest

from bptui import loads
from bptui.errors import ScenarioError

NETWORK = """inputs.x = 1.0
parameters.w = 2.0
nodes.y = "x * w"
"""

TRAINED = (
    NETWORK
    + """[train]
optimizer = "SGD"
lr = 0.1
steps = 2
"""
)


@pytest.mark.parametrize(
    ("lines", "where", "said"),
    [
        ("step = 1", "4:3", "its text is missing"),
        ("text = 'a'\nstep = 3", "6:8", "a note at step 3: the run has 2"),
        ("text = 'a'\nstep = -1", "6:8", "wanted a whole number from 0"),
        ("text = 'a'\nstep = 1\nnode = 'y'", "7:1", "the note has a step already"),
        ("text = 'a'\nnode = 'z'", "6:8", "nothing is called z"),
        ("text = 'a'\nnode = 'w'", "6:8", "a note at w, which has no forward step"),
        ("text = 'a'\nnode = 'x'\npass = 'backward'", "6:8", "a note at x, which has no backward step"),
        ("text = 'a'\nnode = 'w'\npass = 'update'", "6:8", "a note at w, which has no update step"),
        ("text = 'a'\npass = 'update'", "6:8", "the update pass, which the run does not have"),
        ("text = 'a'\npass = 'up'", "6:8", "there is no pass up"),
        ("text = 1", "5:8", "text"),
        ("text = 'a'\nwhen = 1", "6:1", "no key when here"),
    ],
)
def test_a_note_that_is_none_is_told_with_its_place(lines: str, where: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as error:
        loads(f"{NETWORK}[[notes]]\n{lines}\n")
    assert f"{error.value.line}:{error.value.column}" == where


def test_every_note_at_no_step_is_told() -> None:
    notes = "".join(f"[[notes]]\ntext = 'a'\nstep = {step}\n" for step in (6, 7, 8))
    with pytest.raises(ScenarioError) as error:
        loads(TRAINED + notes)
    assert [problem.message for problem in error.value.problems] == [
        "a note at step 7: the run has 6",
        "a note at step 8: the run has 6",
    ]


def test_a_parameter_has_a_note_at_its_update() -> None:
    note = "[[notes]]\ntext = 'a'\nnode = 'w'\npass = 'update'\n"
    scenario = loads(TRAINED + note)
    assert scenario.lesson.notes[0].position(scenario.schedule) == 3
