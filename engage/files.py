"""Files that guests hand in: what they are, told by their content and not by their name."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from engage.errors import Invalid

NAME_LIMIT = 100  # characters, with the ending
KINDS: Mapping[str, str] = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ENDINGS = (".pdf", ".jpg", ".jpeg", ".png", ".docx", ".xlsx")
_STARTS = {"pdf": b"%PDF-", "jpg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}


class FileTooLarge(Invalid):
    """The file is larger than allowed."""


class FileTypeRefused(Invalid):
    """The file is none of the kinds that are accepted, whatever its name says."""


@dataclass(frozen=True)
class Upload:
    """A file as it was sent; `kind` is a key of KINDS once `accepted` has looked at it."""

    name: str
    content: bytes = field(repr=False)
    kind: str = ""


def accepted(upload: Upload, *, most: int) -> Upload:
    """The file with its kind and a name that is safe to store and ends as the content is.

    Raises FileTooLarge above `most` bytes, or FileTypeRefused: also for Office files with macros or a password.
    """
    if len(upload.content) > most:
        raise FileTooLarge(limit=f"{most / 1_000_000:g}")
    kind = next((kind for kind, start in _STARTS.items() if upload.content.startswith(start)), "") or _office(upload.content)
    if not kind:
        raise FileTypeRefused
    return Upload(_named(upload.name, kind), upload.content, kind)


def _office(content: bytes) -> str:
    if not content.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = set(packed.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return ""
    if "[Content_Types].xml" not in names or any(name.endswith("vbaProject.bin") for name in names):
        return ""
    return next((kind for kind, part in _PARTS.items() if part in names), "")


def _named(name: str, kind: str) -> str:
    plain = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(character for character in plain if character.isprintable() and character not in '<>:"|?*').strip(" .")
    base, dot, ending = plain.rpartition(".")
    if not dot or f".{ending.lower()}" not in ENDINGS:
        base, ending = plain, kind
    fitting = ending if kind == {"jpeg": "jpg"}.get(ending.lower(), ending.lower()) else kind
    return f"{base[:NAME_LIMIT - len(fitting) - 1].strip(' .') or 'file'}.{fitting}"
