"""The words of an action: a command's verb and its arguments by name, also as format 1 spelt them at first."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any, get_type_hints

from bptui.core.command import Command
from bptui.core.command_parser import command_of
from bptui.core.verbs import VERBS
from bptui.errors import CommandError, TranscriptError
from bptui.recording.field_kind import FieldKind
from bptui.recording.json_line import JsonObject

JSON_TYPES = {int: "integer", str: "string", type(None): "null"}


def encode_command(command: Command) -> JsonObject:
    """Return a command's verb and arguments."""
    return {"verb": command.word, **asdict(command)}


def decode_command(words: JsonObject) -> Command:
    """Return the command of a verb and its arguments. Raises TranscriptError."""
    verb = words.get("verb")
    if not isinstance(verb, str):
        raise TranscriptError("an action of the recording has no proper 'verb'")
    try:
        return command_of(*renamed(verb, {key: it for key, it in words.items() if key != "verb"}))
    except CommandError as error:
        raise TranscriptError(f"an action that is not one: {error.message}", hint=error.hint) from None


def renamed(verb: str, arguments: JsonObject) -> tuple[str, JsonObject]:
    """Return a verb and its arguments as they are called now; the first recordings wrote ``go_to``, ``pass_start``."""
    if verb == "pass_start":
        return f"{arguments.get('pass')}-pass", {}
    return {"go_to": "goto"}.get(verb, verb.replace("_", "-")), arguments


def command_schema() -> JsonObject:
    """Return the schema of all verbs, each with its arguments."""
    return {"required": ["verb"], "oneOf": [verb_schema(verb) for verb in VERBS.values()]}


def verb_schema(verb: type[Command]) -> JsonObject:
    """Return the schema of one verb and its arguments."""
    hints = get_type_hints(verb)
    arguments = {it.name: argument_schema(hints[it.name]) for it in fields(verb)}
    return {"properties": {"verb": {"const": verb.word}, **arguments}}


def argument_schema(hint: Any) -> JsonObject:
    """Return the schema of an argument, by its type."""
    return {"type": [JSON_TYPES[it] for it in getattr(hint, "__args__", (hint,))]}


COMMAND = FieldKind(command_schema(), decode_command, encode_command, takes_the_rest=True)
