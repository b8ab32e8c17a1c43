"""How people are reached and named: phone numbers, e-mail addresses and credit codes as they are written, kept and masked."""

import re
from datetime import date

from engage.errors import Invalid
from surveys.contacts import (
    credit_code_in,
    email_in,
    find_phones,
    identity_check,
    is_mobile,
    mask_email,
    mask_phone,
    valid_uscc,
    written_closely,
)

_IDENTITY = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)

__all__ = [
    "InvalidCreditCode", "InvalidEmail", "InvalidIdentityNumber", "InvalidPhone", "NotMobile", "clean_email", "clean_identity_number",
    "clean_mobile", "clean_phone", "clean_uscc", "find_phones", "is_mobile", "mask_email", "mask_name", "mask_phone", "surname_only",
    "valid_uscc",
]


class InvalidPhone(Invalid):
    """This is not one phone number: a mobile number has 11 digits, a landline needs its area code."""


class InvalidEmail(Invalid):
    """This is not an e-mail address."""


class NotMobile(Invalid):
    """This is not one mobile number of the mainland."""


class InvalidCreditCode(Invalid):
    """This is not a unified social credit code: 18 characters, the last of which checks the others."""


class InvalidIdentityNumber(Invalid):
    """This is not an identity-card number: 18 characters with a possible date of birth, the last of which checks the others."""


def clean_phone(text: str) -> str:
    """The one phone number in a text, as `surveys.contacts.find_phones` gives it. Raises InvalidPhone when there is none or several."""
    phones = find_phones(text)
    if len(phones) != 1:
        raise InvalidPhone(field="phone", found=len(phones))
    return phones[0]


def clean_email(text: str) -> str:
    """An e-mail address as `surveys.contacts.email_in` gives it. Raises InvalidEmail."""
    email = email_in(text)
    if email is None:
        raise InvalidEmail(field="email")
    return email


def clean_mobile(text: str) -> str:
    """The one mobile number in a text, as `clean_phone` reads it. Raises NotMobile."""
    phones = find_phones(text)
    if len(phones) != 1 or not is_mobile(phones[0]):
        raise NotMobile(field="phone")
    return phones[0]


def clean_uscc(text: str) -> str:
    """A unified social credit code in capitals and without blanks. Raises InvalidCreditCode; see `valid_uscc`."""
    code = credit_code_in(text)
    if code is None:
        raise InvalidCreditCode(field="uscc")
    return code


def clean_identity_number(text: str, *, today: date) -> str:
    """An identity-card number (GB 11643-1999) without blanks, X as a capital.

    Raises InvalidIdentityNumber when the check character is wrong or the date of birth is none, in the future, or before 1900.
    """
    number = written_closely(text)
    if not _IDENTITY.fullmatch(number):
        raise InvalidIdentityNumber
    if identity_check(number[:17]) != number[17]:
        raise InvalidIdentityNumber
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise InvalidIdentityNumber from None
    if not date(1900, 1, 1) <= born <= today:
        raise InvalidIdentityNumber
    return number


def mask_name(name: str) -> str:
    """张三 → 张*, 张小三 → 张*三, Anna Lee → A***e."""
    if len(name) <= 2:  # noqa: PLR2004 -- nothing lies between first and last
        return name[:1] + "*" * (len(name) - 1 or 1) if name else ""
    return f"{name[0]}{'***' if name.isascii() else '*' * (len(name) - 2)}{name[-1]}"


def surname_only(name: str) -> str:
    """For what strangers may read, as on a screen in the hall: 张小三 → 张**, 李四 → 李*, Anna Lee → A***."""
    return name and name[0] + ("***" if name.isascii() else "*" * min(max(len(name) - 1, 1), 2))
