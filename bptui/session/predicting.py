"""Carrying out the commands of predict mode: what is asked, what an answer comes to, and how it went."""

from __future__ import annotations

from bptui.core.command import Command
from bptui.core.verbs.movement import GoTo
from bptui.core.verbs.teaching import GiveAnswer, GiveHint, Predicting, Reveal, TogglePredict
from bptui.errors import BptuiError
from bptui.session.answer import Answer, WayOn, refusal
from bptui.session.prediction import Prediction, starts
from bptui.session.session import Session


def predict(session: Session, command: Command) -> Answer:
    """Carry out a command of predict mode, or refuse one that would tell what is hidden. Raises BptuiError."""
    if isinstance(command, TogglePredict):
        return toggle_predict(session)
    prediction = session.prediction
    if prediction is None:
        raise BptuiError("nothing is asked for", hint="predict hides the numbers to come")
    if not isinstance(command, Predicting):
        return refusal("this looks at what is still to be predicted", WayOn(TogglePredict, "shows everything again"))
    return answer_of(session, prediction, command)


def answer_of(session: Session, prediction: Prediction, command: Predicting) -> Answer:
    """Carry out a command while numbers are asked for. Raises BptuiError."""
    here = session.moment.position
    match command:
        case GiveAnswer(expression):
            words = prediction.answer(expression, session.moment)
            session.log(command)
            if words.startswith("✗"):
                return Answer(f"{words}: try again", "error", ok=False, way_on=WayOn(GiveHint, "helps"))
            return go_on(session, prediction, words)
        case GiveHint():
            words = prediction.hint(here)
            session.log(command)
            return Answer(words, "mark")
        case Reveal():
            words = prediction.reveal(here)
            session.log(command)
            return go_on(session, prediction, words)
    return Answer(prediction.score.words, record=score_record(prediction))


def go_on(session: Session, prediction: Prediction, words: str) -> Answer:
    """Take the step whose numbers are all known now, or ask for the next of them."""
    here = session.moment.position
    if (question := prediction.question(here)) and prediction.done.get(here + 1, 0):
        return Answer(f"{words}. {question}", "mark")
    session.do(GoTo(here + 1))
    prediction.is_held = False
    is_over = session.moment.position == len(session.tape.order)
    ending = f". {prediction.score.words}" if is_over else ""
    return Answer(f"{words}{ending}", "good", record=score_record(prediction) if is_over else None)


def toggle_predict(session: Session) -> Answer:
    """Begin to ask for numbers, or end it with the score."""
    session.log(TogglePredict())
    if session.prediction is None:
        session.prediction = Prediction(session.tape, session.quiz)
        return Answer(starts(session.quiz), "mark")
    words = session.prediction.score.words
    record = score_record(session.prediction)
    session.prediction = None
    return Answer(f"the numbers are shown again; {words}", record=record)


def question_answer(session: Session) -> Answer:
    """Return the question at the cursor: as a message, and for programs."""
    assert session.prediction is not None
    question = session.prediction.question(session.moment.position)
    return Answer(question, "mark", way_on=WayOn(GiveAnswer, "takes a number"), record={"question": question})


def score_record(prediction: Prediction) -> dict[str, object]:
    """Return the score for other programs."""
    score = prediction.score
    return {"score": {"at_once": score.at_once, "later": score.later, "revealed": score.revealed, "hints": score.hints}}
