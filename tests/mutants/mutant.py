"""What a mutation is, and making it in a copy of the tree. No Django: the runner stands outside the product."""

from dataclasses import dataclass
from pathlib import Path


class StaleMutant(Exception):
    """A mutation's text does not stand exactly once in its file: the product moved on without it."""


@dataclass(frozen=True)
class Edit:
    """Exact text of one file, which must stand there exactly once, and what takes its place."""

    file: str
    text: str
    becomes: str

    def applied(self, root: Path) -> str:
        """Return the file's text below `root` with this edit made; raises `StaleMutant`."""
        path = root / self.file
        source = path.read_text(encoding="utf-8") if path.is_file() else ""
        if source.count(self.text) != 1:
            raise StaleMutant(f"{self.file} holds {source.count(self.text)} times: {self.text!r}")
        return source.replace(self.text, self.becomes)


@dataclass(frozen=True)
class Mutant:
    """A named mistake: what is wrong then, the promise that it breaks, and the test that must see it.

    `test` is a pytest node. Several edits where the product defends itself twice: each alone changes nothing
    that anybody could see.
    """

    name: str
    promise: int
    what: str
    edits: tuple[Edit, ...]
    test: str

    def apply(self, root: Path) -> dict[Path, str]:
        """Make the edits below `root`; return the former text of each file, to put back."""
        before: dict[Path, str] = {}
        for edit in self.edits:
            path = root / edit.file
            mutated = edit.applied(root)
            before.setdefault(path, path.read_text(encoding="utf-8"))
            path.write_text(mutated, encoding="utf-8")
        return before
