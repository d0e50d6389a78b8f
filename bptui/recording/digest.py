"""The digest at the end of each line of a transcript: it covers the line and all before it, byte for byte.

So a line that was edited, removed, doubled or swapped is noticed at the first line that does not follow from those
before it. It guards against accidents and edits, not against a person who writes all digests anew.
"""

from __future__ import annotations

import hashlib
import re

from bptui.recording.json_line import DamagedTranscriptError

KEY = "digest"
DIGITS = 16
"""Hexadecimal digits of SHA-256 that are kept: 64 bits, so that no accident passes, in few bytes a line."""

SCHEMA = {"type": "string", "pattern": f"^[0-9a-f]{{{DIGITS}}}$"}
FIELD = re.compile(rb', "%s": "([0-9a-f]{%d})"\}\n\Z' % (KEY.encode(), DIGITS))
LONGEST_FIELD = len(f', "{KEY}": "{"0" * DIGITS}"}}\n')


class RunningDigest:
    """The digest of the lines so far, raw, with their own digests."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def of(self, content: bytes) -> str:
        """Return the digest of all lines so far and a line's ``content``: what stands before its digest."""
        ahead = self.hash.copy()
        ahead.update(content)
        return ahead.hexdigest()[:DIGITS]

    def sealed(self, line: bytes) -> bytes:
        """Return an object's line of JSON with its digest as its last field."""
        content = line.removesuffix(b"}\n")
        return b'%s, "%s": "%s"}\n' % (content, KEY.encode(), self.of(content).encode())

    def follow(self, line: bytes) -> None:
        """Go on to the line after ``line``."""
        self.hash.update(line)


class DigestReader:
    """Holds the lines of a transcript against their digests; early recordings have none on any line."""

    def __init__(self) -> None:
        self.digest = RunningDigest()
        self.has_digests: bool | None = None

    def is_right(self, line: bytes) -> bool:
        """Return whether the next line follows from those before it; where it has no digest, neither have they."""
        field = FIELD.search(line, max(0, len(line) - LONGEST_FIELD))
        if self.has_digests is None:
            self.has_digests = field is not None
        is_right = (
            self.digest.of(line[: field.start()]) == field[1].decode()
            if field and self.has_digests
            else self.has_digests is (field is not None)
        )
        self.digest.follow(line)
        return is_right


def broken_digest() -> DamagedTranscriptError:
    """Return the error about a line that does not follow from those before it."""
    return DamagedTranscriptError(
        "the digest is not that of this line and those before it",
        hint="the line was edited, or one before it was removed, doubled or moved, or two recordings were joined",
    )
