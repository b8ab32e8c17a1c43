"""Files that people hand in: what they are, told by their content and not by their name."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from surveys.errors import Invalid

NAME_LIMIT = 100  # characters, with the ending
MEDIA: Mapping[str, str] = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
PICTURES, OFFICE = ("jpg", "png", "webp"), ("docx", "xlsx", "pptx")
_SPELLED = {"jpeg": "jpg"}  # other endings of the same kind
_STARTS = {
    "pdf": re.compile(rb"%PDF-"), "jpg": re.compile(rb"\xff\xd8\xff"), "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}
_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}
_KILO, _MEGA = 1000, 1_000_000


class FileTooLarge(Invalid):
    """The file is larger than allowed."""


class FileTypeRefused(Invalid):
    """The file is none of the kinds that are accepted, whatever its name says."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent; `kind` is a key of MEDIA once `accepted` has looked at it. Of a picture there may be a small one."""

    name: str
    content: bytes = field(repr=False)
    kind: str = ""
    preview: bytes = field(default=b"", repr=False)

    @property
    def told(self) -> str:
        """The name with the size."""
        return f"{self.name} ({sized(len(self.content))})"


def sized(size: int) -> str:
    """A number of bytes for a reader."""
    return f"{size / _MEGA:.1f} MB" if size >= _MEGA else f"{max(round(size / _KILO), 1)} kB"


def accepted(upload: Upload, *, most: int, kinds: Collection[str]) -> Upload:
    """The file with its kind and a name that is safe to store and ends as the content is.

    Raises FileTooLarge above `most` bytes, or FileTypeRefused: also for Office files with macros or a password.
    """
    if len(upload.content) > most:
        raise FileTooLarge(limit=f"{most / _MEGA:g}")
    kind = next((kind for kind, start in _STARTS.items() if start.match(upload.content)), "") or _office(upload.content)
    if kind not in kinds:
        raise FileTypeRefused(kinds=" / ".join(kind.upper() for kind in kinds))
    return Upload(_named(upload.name, kind), upload.content, kind)


def endings(kinds: Collection[str]) -> list[str]:
    """The endings that names of these kinds may have, with the dot: what a file dialog offers."""
    return [f".{ending}" for kind in kinds for ending in (kind, *(each for each, of in _SPELLED.items() if of == kind))]


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
    if not dot or f".{ending.lower()}" not in endings(MEDIA):
        base, ending = plain, kind
    fitting = ending if kind == _SPELLED.get(ending.lower(), ending.lower()) else kind
    return f"{base[:NAME_LIMIT - len(fitting) - 1].strip(' .') or 'file'}.{fitting}"
