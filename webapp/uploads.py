"""Files that wait between two pages of an import, in the instance folder: their owner's only, and at most for a day.

They hold personal data, so no cookie carries them and nothing in their names tells whose they are about.
"""

import os
import re
from datetime import timedelta
from pathlib import Path

from engage.codes import new_code
from webapp.wiring import clock, settings

KEPT = timedelta(days=1)


def keep(data: bytes, part: str, *, owner: int, key: str = "") -> str:
    """Store one part of an import (`list`, `result`, …); answers the key under which the owner finds it again."""
    key = key or new_code()
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / _name(key, part, owner), os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    return key


def read(key: str, part: str, *, owner: int) -> bytes | None:
    """The stored bytes; None when there are none any more, or they are somebody else's."""
    if not re.fullmatch(r"[a-z2-7]{26}", key):
        return None
    try:
        return (_folder() / _name(key, part, owner)).read_bytes()
    except FileNotFoundError:
        return None


def remove(key: str, part: str, *, owner: int) -> None:
    """Delete what `read` has found."""
    (_folder() / _name(key, part, owner)).unlink(missing_ok=True)


def sweep() -> int:
    """Delete what is older than a day; answers how many files."""
    oldest = (clock() - KEPT).timestamp()
    removed = 0
    for path in _folder().glob("*.*"):
        try:
            if path.stat().st_mtime < oldest:
                path.unlink()
                removed += 1
        except FileNotFoundError:  # another process was quicker
            continue
    return removed


def _folder() -> Path:
    return settings().instance / "uploads"


def _name(key: str, part: str, owner: int) -> str:
    return f"{owner}-{key}.{part}"
