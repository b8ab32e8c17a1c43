"""Scripts that import each other by relative names, which `?v=` would not reach: their addresses hold the hash of all of them."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from flask import Response, abort, send_from_directory

STATIC = Path(__file__).parent / "static"
YEAR = 31_536_000  # seconds


class Scripts:
    """The scripts of one folder below `static`."""

    def __init__(self, folder: str) -> None:
        self.folder = STATIC / folder

    @cached_property
    def names(self) -> Sequence[str]:
        return sorted(path.name for path in self.folder.glob("*.js"))

    @cached_property
    def version(self) -> str:
        """Changes with the scripts. It is part of their address, so that a page never mixes those of two versions."""
        return hashlib.sha256(b"".join((self.folder / name).read_bytes() for name in self.names)).hexdigest()[:12]

    def send(self, of: str, name: str) -> Response:
        """One of the scripts. What is at an address never changes; that of another version is not found."""
        if of != self.version:
            abort(404)
        return send_from_directory(self.folder, name, max_age=YEAR)
