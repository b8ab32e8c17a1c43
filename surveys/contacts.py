"""How people and organisations are reached and named: phone numbers, e-mail addresses and credit codes, clean and masked."""

import re
import unicodedata

_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?:10|2\d)\d{8}|0[3-9]\d{2}\d{7,8}")
_SERVICE = re.compile(r"[48]00\d{7}")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−_·"), "-")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I, O, S, V, Z


def find_phones(text: str) -> list[str]:
    """Every phone number in a text, clean, in order, without repetitions: the digits, an extension after `-`.

    Full-width digits, +86/0086/86, blanks, dashes, notes, and a spreadsheet's `13800138000.0` are understood. Mobile numbers
    have 11 digits, landlines keep their area code (06315231234-801); numbers from abroad need + or 00 and keep a +.
    """
    if _MOBILE.fullmatch(text) and text.isascii():
        return [text]
    plain = unicodedata.normalize("NFKC", text).strip().lstrip("'").casefold().translate(_DASHES)
    plain = re.sub(r"\((?![+\d\s-]*\))[^()]*\)", " ", plain)  # a note in brackets goes, an area code stays
    plain = plain.replace("(", " ").replace(")", "-")
    plain = re.sub(r"^(\d+)\.0+$", r"\1", plain)
    if exact := re.fullmatch(r"(\d)\.(\d+)e\+?(\d\d)", plain):
        if len(exact[2]) < int(exact[3]):
            return []  # 1.38e+10: the last digits are gone, and a guess would ring at a stranger's
        plain = exact[1] + exact[2]
    plain = re.sub(r"(?<=\d)\s*(?:转分机|分机号?|转|ext\.?|x)\s*:?\s*(?=\d{1,6}(?!\d))", "#", plain)
    found: list[str] = []
    for chunk in re.findall(r"(?<![a-z\d])\+?\d[\d\s#-]*(?![a-z])", plain):
        whole = _phone(chunk)
        found += [whole] if whole else filter(None, map(_phone, chunk.split()))
    return list(dict.fromkeys(found))


def is_mobile(phone: str) -> bool:
    """Whether a clean number is a mobile one of the mainland, so that an SMS reaches it."""
    return bool(_MOBILE.fullmatch(phone))


def _phone(chunk: str) -> str:
    number, _, extension = re.sub(r"\s", "", chunk).strip("-").partition("#")
    if landline := re.fullmatch(r"((?:\+?86-?|0086-?)?0\d{2,3}-?\d{7,8})-(\d{1,6})", number):
        number, extension = landline[1], landline[2]
    digits = re.sub(r"\D", "", number)
    for prefix in ("0086", "86", ""):
        rest = digits.removeprefix(prefix) if digits.startswith(prefix) else ""
        if _MOBILE.fullmatch(rest.removeprefix("0")):
            return rest.removeprefix("0")
        if prefix and rest[:1] in set("123456789") and _LANDLINE.fullmatch(f"0{rest}"):
            rest = f"0{rest}"  # +86 631 5231234
        if _LANDLINE.fullmatch(rest) or _SERVICE.fullmatch(rest):
            return f"{rest}-{extension}" if extension else rest
    if number.startswith(("+", "00")) and not digits.removeprefix("00").startswith("86"):
        abroad = digits.removeprefix("00")
        return f"+{abroad}" if 8 <= len(abroad) <= 15 else ""  # noqa: PLR2004 -- ITU-T E.164
    return ""


def email_in(text: str) -> str | None:
    """An e-mail address in small letters, without `mailto:`, angle brackets and blanks; None when it is none."""
    plain = "".join(unicodedata.normalize("NFKC", text).split()).lower().removeprefix("mailto:").strip("<>;,。")
    local = plain.partition("@")[0]
    if not _EMAIL.fullmatch(plain) or len(plain) > 254 or len(local) > 64 or ".." in local:  # noqa: PLR2004 -- RFC 5321
        return None
    return plain


def valid_uscc(text: str) -> bool:
    """Whether a unified social credit code has 18 allowed characters and the right last one (GB 32100-2015, 5.5)."""
    if not re.fullmatch(f"[{_USCC}]{{18}}", text):
        return False
    total = sum(_USCC.index(character) * pow(3, place, 31) for place, character in enumerate(text[:17]))
    return _USCC[-total % 31] == text[17]


def identity_check(digits: str) -> str:
    """The last character of an identity-card number, by its first 17 digits (GB 11643-1999)."""
    return "10X98765432"[sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits)) % 11]


def credit_code_in(text: str) -> str | None:
    """A unified social credit code in capitals and without blanks; None when it is none, see `valid_uscc`."""
    code = written_closely(text)
    return code if valid_uscc(code) else None


def written_closely(text: str) -> str:
    """A number or code as one writes it by hand, without blanks and dashes, in capitals."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_DASHES).replace("-", "").split()).upper()


def mask_phone(phone: str) -> str:
    """13812345678 → 138****5678; of a shorter number only the last two digits stay."""
    if len(phone) < 11:  # noqa: PLR2004 -- a mobile number
        return "*" * max(len(phone) - 2, 0) + phone[-2:]
    return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"


def mask_email(email: str) -> str:
    """anna@example.org → a***@example.org."""
    local, at, host = email.partition("@")
    return f"{local[:1]}***{at}{host}" if at else ""
