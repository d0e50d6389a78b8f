"""NumPy's .npz: a zip of .npy files, of which one is read, never extracted, within limits on all that zip can claim."""

from __future__ import annotations

import difflib
import io
import struct
import zipfile
import zlib
from collections import Counter
from typing import BinaryIO, cast

from bptui.core.text import visible
from bptui.scenario.data_files.location import DataFile
from bptui.scenario.data_files.npy_file import CHUNK_BYTES, MOST_BYTES, read_data, read_npy_header
from bptui.scenario.data_files.row_range import Rows, check_rows
from layers import Array

MOST_MEMBERS = 500
MOST_INFLATED_BYTES = 2**28
"""256 MiB from a compressed member, which may take a thousandth of that in the file."""

MOST_BYTES_AT_ONCE = 2 * CHUNK_BYTES
"""The directory is read in one piece, so this bounds it too: by some 2,800 members."""

COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1
"""A bit in a member's flags."""

DAMAGES = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)
"""What Python's zipfile and zlib raise at broken files; NotImplementedError and UnicodeDecodeError are among them."""


class BoundedFile(io.FileIO):
    """A file of which little is read at once: a reader that asks for more believes a size that only the file claims.

    Raises BadZipFile for a larger piece, and for one before the file's start.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = MOST_BYTES_AT_ONCE if size is None or size < 0 else size
        if wanted > MOST_BYTES_AT_ONCE:
            raise zipfile.BadZipFile(f"its directory takes {wanted:,} bytes; at most {MOST_BYTES_AT_ONCE:,} are read")
        return super().read(wanted) or b""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_SET and offset < 0:
            raise zipfile.BadZipFile("a part of it would lie before its start")
        return super().seek(offset, whence)


def read_npz(stream: BinaryIO, file: DataFile, key: str | None, rows: Rows | None) -> Array:
    """Return the array called ``key``, or the only one, or its ``rows``.

    The member is read to its end in any case, since its checksum covers the whole of it.
    Raises ScenarioError for a file that is damaged, or larger than what is read.
    """
    try:
        with zipfile.ZipFile(cast("BinaryIO", BoundedFile(stream.fileno(), closefd=False))) as archive:
            return read_member(archive, file, key, rows)
    except DAMAGES as problem:
        reason = visible(str(problem)) or "it ends too early"
        raise file.fault(f"this is not an intact .npz file: {reason}", hint="write it with np.savez") from problem


def read_member(archive: zipfile.ZipFile, file: DataFile, key: str | None, rows: Rows | None) -> Array:
    """Return the array, or its ``rows``, in the member of ``archive`` that ``key`` names."""
    member = chosen_member(members(archive, file), file, key)
    part = file.of(member.filename.removesuffix(".npy"))
    check_member(member, part)
    with archive.open(member) as opened:
        data = cast("BinaryIO", opened)
        header = read_npy_header(data, member.file_size, part)
        if rows is None:
            part.check_elements(header.shape)
            return read_data(data, header, part)
        start, stop = check_rows(rows, header.shape, file)
        return read_data(data, header, part)[start:stop].copy()


def members(archive: zipfile.ZipFile, file: DataFile) -> dict[str, zipfile.ZipInfo]:
    """Return the arrays of ``archive`` by key. Any member with a dubious name condemns the whole file.

    Raises ScenarioError.
    """
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise file.fault(f"the file has {len(infos):,} members; at most {MOST_MEMBERS} are read")
    for info in infos:
        name = info.orig_filename
        if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
            raise file.fault(
                f"a member's name, '{visible(name)}', leads out of the file", hint="write it with np.savez"
            )
    name, count = max(Counter(info.filename for info in infos).items(), key=lambda pair: pair[1], default=("", 0))
    if count > 1:
        raise file.fault(f"{count} members are called '{visible(name)}'", hint="write it with np.savez")
    return {info.filename.removesuffix(".npy"): info for info in infos if info.filename.endswith(".npy")}


def chosen_member(found: dict[str, zipfile.ZipInfo], file: DataFile, key: str | None) -> zipfile.ZipInfo:
    """Return the member that ``key`` names, or the only one where there is no key.

    Raises ScenarioError where there is none, or one of several must be named.
    """
    if not found:
        raise file.fault("the file holds no arrays", hint="write it with np.savez")
    if key in found:
        return found[key]
    if key is None and len(found) == 1:
        return next(iter(found.values()))
    listed = ", ".join(visible(name, limit=40) for name in list(found)[:10]) + (", …" if len(found) > 10 else "")
    if key is None:
        raise file.misuse(f"holds {len(found)} arrays: {listed}", hint='pick one by its key: key = "…"')
    nearest = difflib.get_close_matches(key[:100], found, n=1)
    hint = f"did you mean '{visible(nearest[0])}'?" if nearest else f"it has {listed}"
    raise file.misuse(f"has no array '{visible(key)}'", hint=hint)


def check_member(member: zipfile.ZipInfo, part: DataFile) -> None:
    """Raise if ``member`` is encrypted, packed in an unusual way, or larger than what is read."""
    if member.flag_bits & ENCRYPTED:
        raise part.fault("it is encrypted", hint="write the file with np.savez")
    if member.compress_type not in COMPRESSIONS:
        raise part.fault("it is compressed in a way that NumPy never uses", hint="write the file with np.savez")
    most = MOST_BYTES if member.compress_type == zipfile.ZIP_STORED else MOST_INFLATED_BYTES
    if member.file_size > most:
        packed = f"{member.compress_size:,} bytes would unpack to {member.file_size:,}"
        raise part.fault(f"{packed}; at most {most:,} are read", hint="save the array alone, with np.save")
