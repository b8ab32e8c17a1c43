"""Random codes that open something, and the QR pictures that carry them."""

import base64
import hashlib
import io
import secrets


def new_code() -> str:
    """26 characters of a-z and 2-7: 128 random bits that survive a keyboard, a telephone and a URL."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def digest(code: str) -> str:
    """What a device may keep instead of a code: the first 128 bits of its SHA-256, 22 characters of base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(code.encode()).digest()[:16])[:22].decode()


def qr_svg(text: str) -> str:
    """The text as a QR code: an SVG element that scales to any size, quiet zone included."""
    import qrcode  # noqa: PLC0415 -- slow import
    from qrcode.image.svg import SvgPathImage  # noqa: PLC0415 -- slow import

    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4, image_factory=SvgPathImage)
    code.add_data(text)
    return code.make_image().to_string(encoding="unicode")


def qr_png(text: str) -> bytes:
    """The text as a QR code: a PNG, 10 pixels a module, quiet zone included."""
    import qrcode  # noqa: PLC0415 -- slow import

    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4, box_size=10)
    code.add_data(text)
    picture = io.BytesIO()
    code.make_image().save(picture)
    return picture.getvalue()
