"""Pictures that people hand in, made anew of their points alone.

Where and when a photo was taken, with which device and by whom stands beside the points: none of that is kept, nor anything
else that hides in a file.
"""

import io
from dataclasses import replace
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from surveys.errors import Invalid
from surveys.files import FileTypeRefused, Upload

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_SIDE, PREVIEW_SIDE = 2560, 320  # points: what is still read on a screen, and what stands in a list
MOST_POINTS = 50_000_000  # of a picture as it comes: unpacked it takes up to 200 MB
_FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
_OPTIONS = {"JPEG": {"quality": 88}, "PNG": {"compress_level": 3}, "WEBP": {"quality": 88}}
_at_once = BoundedSemaphore(2)  # pictures unpacked at the same time


class PictureTooLarge(Invalid):
    """The picture has more points than can be handled."""


def made_anew(upload: Upload) -> Upload:
    """The picture upright, no larger than LONGEST_SIDE, in the colours of the web, without what stood beside its points.

    Of several frames the first is kept. Raises PictureTooLarge, or FileTypeRefused for one that cannot be read to its end.
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 -- slow import

    kind = _FORMATS[upload.kind]
    with _at_once:
        try:
            with Image.open(io.BytesIO(upload.content), formats=[kind]) as opened:
                if opened.width * opened.height > MOST_POINTS:
                    raise PictureTooLarge(most=MOST_POINTS // 1_000_000)
                opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is unpacked no larger than is wanted
                plain = _plain(ImageOps.exif_transpose(opened))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise PictureTooLarge(most=MOST_POINTS // 1_000_000) from None
        except (OSError, SyntaxError, ValueError, EOFError):  # what Pillow raises for broken files
            raise FileTypeRefused(kinds=" / ".join(kind.upper() for kind in _FORMATS)) from None
        plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BILINEAR)  # half the time of the usual way
        content = _written(plain, kind)
        plain.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
        return replace(upload, content=content, preview=_written(_on_white(plain), "JPEG"))


def _plain(image: "Image") -> "Image":
    """The points in the colours of the web, without anything beside them."""
    from PIL import ImageCms  # noqa: PLC0415 -- slow import

    profile = image.info.get("icc_profile")
    plain = image.convert("RGBA" if image.has_transparency_data else "RGB") if image.mode not in {"RGB", "RGBA"} else image.copy()
    if profile and image.mode in {"RGB", "RGBA"}:
        try:
            converted = ImageCms.profileToProfile(plain, io.BytesIO(profile), ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] -- a core profile without a type
        except (ImageCms.PyCMSError, OSError):  # a profile that is none
            converted = None
        plain = converted or plain
    plain.info.clear()
    return plain


def _on_white(image: "Image") -> "Image":
    """Without transparency, which JPEG does not have."""
    from PIL import Image  # noqa: PLC0415 -- slow import

    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image)
    return white


def _written(image: "Image", kind: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **_OPTIONS[kind])
    return stream.getvalue()
