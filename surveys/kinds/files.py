"""Files and photos: each answer is one file or several, known by their content; the bytes lie beside the answer, see attachments.py."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from surveys.asked import Asked, Stored
from surveys.errors import Invalid
from surveys.files import OFFICE, PICTURES, FileTooLarge, FileTypeRefused, Upload, accepted
from surveys.kinds.base import Kind
from surveys.kinds.checks import flag, length
from surveys.kinds.refusals import BadSetting, NotAFile, TooManyFiles
from surveys.pictures import PictureTooLarge, made_anew

MOST_FILES, MOST_MEGABYTES = 10, 10  # of one answer, of one file
MEGABYTE = 1_000_000


class OnPaper:
    """In place of a file that lies with a sheet of paper."""


class File(Kind):
    """Any of the kinds of files that the settings let pass. Names of files often tell who sent them."""

    code, name_zh, name_en = "file", "文件上传", "File"
    attaches = True
    personal = True
    SETTINGS: ClassVar[Mapping[str, Any]] = {
        "pdf": (True, flag), "office": (True, flag), "pictures": (True, flag),
        "max_files": (1, length(MOST_FILES)), "megabytes": (5, length(MOST_MEGABYTES)),
    }

    def settings(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        checked = super().settings(raw)
        if not self.kinds(checked):
            raise BadSetting(field="settings", setting="pdf", expected="at least one kind of files")
        return checked

    def kinds(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """What is taken, as keys of files.MEDIA."""
        taken = {"pdf": ("pdf",), "office": OFFICE, "pictures": PICTURES}
        return tuple(kind for name, kinds in taken.items() if settings[name] for kind in kinds)

    def looked_at(self, asked: Asked, uploads: Sequence[Upload]) -> list[Upload | Invalid]:
        """What came for the question as `read` takes it: pictures made anew, and in place of what is refused the refusal, which
        `read` raises. Pictures take long, so this is for before a transaction.
        """
        most = asked.settings["max_files"]
        return [self._judged(asked, upload) for upload in uploads] if len(uploads) <= most else [TooManyFiles(max=most)]

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        if any(isinstance(value, OnPaper) for value in values):
            return []
        if not all(isinstance(value, (Upload, Invalid)) for value in values):
            raise NotAFile
        uploads: list[Upload | Invalid] = values
        if not all(isinstance(one, Invalid) or one.kind for one in uploads):  # nobody has looked at them yet
            uploads = self.looked_at(asked, [one for one in uploads if isinstance(one, Upload)])
        for one in uploads:
            if isinstance(one, Invalid):
                raise one
        return [Stored(text=one.told, file=one) for one in uploads if isinstance(one, Upload)]

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        return ("; " if language.startswith("en") else "；").join(row.text or "" for row in stored)

    def _judged(self, asked: Asked, upload: Upload) -> Upload | Invalid:
        try:
            known = accepted(upload, most=asked.settings["megabytes"] * MEGABYTE, kinds=self.kinds(asked.settings))
            return made_anew(known) if known.kind in PICTURES else known
        except (FileTooLarge, FileTypeRefused, PictureTooLarge) as refusal:
            return refusal


class Photo(File):
    """Pictures, on a phone straight from its camera."""

    code, name_zh, name_en = "photo", "拍照上传", "Photo"
    SETTINGS: ClassVar[Mapping[str, Any]] = {"max_files": (3, length(MOST_FILES)), "megabytes": (10, length(MOST_MEGABYTES))}

    def kinds(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        return PICTURES
