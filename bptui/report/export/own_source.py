"""The user's own layers in an exported program: imported from their file, or a copy of what is in no file of theirs.

Nothing of a file that can be imported is copied: the program is a test of what stands there, and whoever runs it runs
that file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from textwrap import indent

from bptui.own_layers.own_layer import LayerFile
from bptui.own_layers.source_file import NOTEBOOK
from bptui.report.export.own_forms import COMMON, CallForm
from bptui.report.export.own_node import OwnNode
from bptui.scenario.bundled import is_bundled

FOUND = '''def find_modules_from(folder):
    """Let what lies in a folder be found after all else, and in the one around its package; return that package."""
    root = folder
    while (root / "__init__.py").is_file() and root.parent != root:
        root = root.parent
    sys.path.extend(map(str, (folder, root, root.parent)))
    return folder.relative_to(root).parts'''
"""What lets the user's own layers import what they import in their project."""

IMPORTED = '''def imported(path):
    """Return the module of a file, which runs as any Python does."""
    name = ".".join((*find_modules_from(path.parent), path.stem))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(name, module)
    spec.loader.exec_module(module)
    return module'''
"""What imports the files of the user's own layers in the programs that are written."""

COPIED = '''def copied(name, source, folder=None):
    """Return the module of a source, which is a copy, and is shown where it fails."""
    if folder is not None:
        find_modules_from(folder)
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    module = types.ModuleType(Path(name).stem)
    exec(compile(source, name, "exec"), vars(module))
    return module'''
"""What makes modules of copies."""


@dataclass(frozen=True)
class OwnSource:
    """The nodes with layers of the user's own, by name, for a program in a ``folder``.

    ``copies`` has in the place of files that are gone when the program runs those that they are part of.
    """

    nodes: Mapping[str, OwnNode]
    folder: Path
    copies: Mapping[Path, Path] = field(default_factory=dict)

    @cached_property
    def modules(self) -> Mapping[LayerFile, str]:
        """What each file is called in the program."""
        files = dict.fromkeys(it.layer.file for it in self.nodes.values())
        return {file: "own" if not place else f"own{place + 1}" for place, file in enumerate(files)}

    @property
    def imported_files(self) -> Sequence[LayerFile]:
        """The files that the program runs where they lie."""
        return [it for it in self.modules if not is_copied(it, self.copies)]

    @property
    def needed_imports(self) -> Sequence[str]:
        """The imports that calling them needs."""
        if not self.nodes:
            return ()
        copying = ("import linecache", "import types") if len(self.imported_files) < len(self.modules) else ()
        importing = ("import importlib.util",) if self.imported_files else ()
        return ("import random", "import sys", "from pathlib import Path", *importing, *copying)

    def pieces(self, beside: str) -> Iterator[str]:
        """Yield the pieces of source that give the layers; ``beside`` is the program's folder, as Python."""
        if not self.nodes:
            return
        yield FOUND
        if self.imported_files:
            yield IMPORTED
        if len(self.imported_files) < len(self.modules):
            yield COPIED
        yield "\n".join(self.import_line(file, name, beside) for file, name in self.modules.items())
        yield COMMON
        yield from self.forms()
        yield from self.functions()

    def forms(self) -> Iterator[str]:
        """Yield the source of each form that is used, what it is made of before it."""
        needed: dict[CallForm, None] = {}
        for it in self.nodes.values():
            needed |= dict.fromkeys(filter(None, (it.form.base, it.form)))
        yield from (form.source for form in needed)

    def import_line(self, file: LayerFile, name: str, beside: str) -> str:
        """Return the lines that give the module of one file."""
        if not is_copied(file, self.copies):
            return f"{name} = imported({self.place(file.path, beside)})"
        called = self.copies.get(file.path, file.path)
        folder = "" if is_bundled(file.path) else f", {self.place(called.parent, beside)}"
        return f"{name} = copied({called.name!r}, {source_literal(file.text)}{folder})"

    def place(self, path: Path, beside: str) -> str:
        """Return a path from the program's folder on, as Python."""
        return f"{beside} / {Path(os.path.relpath(path, self.folder)).as_posix()!r}"

    @cached_property
    def bodies(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """The bodies of the functions that write and read parameters, by what they do and the layer; each once."""
        found: dict[tuple[str, str], list[str]] = {}
        for it in self.nodes.values():
            for kind, body in function_bodies(it):
                known = found.setdefault((kind, it.layer.name), [])
                known += [body] * (body not in known)
        return found

    def functions(self) -> Iterator[str]:
        """Yield the source of these functions."""
        for (kind, layer), bodies in self.bodies.items():
            for body in bodies:
                name, parameters = self.function_name(kind, layer, body), PARAMETERS[kind]
                yield f"def {name}({parameters}):\n{indent(body, '    ')}"

    def function_name(self, kind: str, layer: str, body: str) -> str:
        """Return what one of these functions is called."""
        place = self.bodies[kind, layer].index(body)
        return f"{kind}_{layer}_{place + 1}" if place else f"{kind}_{layer}"

    def made(self, name: str) -> str:
        """Return the expression that makes what calls the layer of a node."""
        it = self.nodes[name]
        names = {kind: self.function_name(kind, it.layer.name, body) for kind, body in function_bodies(it)}
        return it.source(self.modules[it.layer.file], **names)

    @property
    def origins(self) -> Sequence[str]:
        """Where the layers come from, in words."""
        return [self.origin(it) for it in self.modules]

    def origin(self, file: LayerFile) -> str:
        """Return where the layers of a file come from, in words."""
        called = self.copies.get(file.path, Path(file.displayed_name)).name
        return f"a copy of the layers in {called}" if is_copied(file, self.copies) else f"the layers in {called}"


def is_copied(file: LayerFile, copies: Mapping[Path, Path]) -> bool:
    """Return whether a program has a copy of a file: of one that Python does not import, or that is not there."""
    return file.path in copies or file.path.suffix == NOTEBOOK or is_bundled(file.path)


PARAMETERS = {"put": "layer, made", "gradients": "layer"}
"""What the functions take, by what they do."""


def function_bodies(node: OwnNode) -> Iterator[tuple[str, str]]:
    """Yield the bodies of what writes the parameters of a node's object, and of what reads its gradients."""
    if lines := node.put_lines():
        yield "put", "\n".join(lines)
    if terms := node.gradient_terms():
        yield "gradients", f"return [{', '.join(terms)}]"


def source_literal(text: str) -> str:
    """Return a source as Python reads it: as it stands, unless something in it would not be seen or would end it."""
    shows_all = all(it.isprintable() or it == "\n" for it in text)
    if shows_all and "'''" not in text and not text.endswith(("'", "\\")):
        return f"r'''{text}'''"
    return repr(text)
