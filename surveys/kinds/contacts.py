"""What reaches or names somebody: personal data, stored clean, never among open answers and never counted by value."""

from collections.abc import Sequence
from typing import Any, ClassVar

from surveys import contacts
from surveys.asked import Asked, Stored
from surveys.errors import Invalid
from surveys.kinds.base import Kind, only
from surveys.kinds.refusals import NotACreditCode, NotAnEmail, NotAPhone


class Contact(Kind):
    """What the kinds share whose answer is one line that has to be right."""

    personal = True
    refusal: ClassVar[type[Invalid]]

    def clean(self, text: str) -> str | None:
        """The answer as it is stored, None when it is wrong."""
        raise NotImplementedError

    def mask(self, text: str) -> str:
        """As it is shown to who need not know it."""
        raise NotImplementedError

    def rows(self, asked: Asked, values: list[Any], other: object) -> list[Stored]:
        text = self.clean(str(only(values)))
        if text is None:
            raise self.refusal
        return [Stored(text=text)]

    def show(self, asked: Asked, stored: Sequence[Stored], language: str = "zh") -> str:
        return stored[0].text or "" if stored else ""


class Email(Contact):
    """An e-mail address."""

    code, name_zh, name_en = "email", "电子邮箱", "E-mail address"
    refusal = NotAnEmail

    def clean(self, text: str) -> str | None:
        return contacts.email_in(text)

    def mask(self, text: str) -> str:
        return contacts.mask_email(text)


class Phone(Contact):
    """A mobile or landline number."""

    code, name_zh, name_en = "phone", "电话号码", "Phone number"
    refusal = NotAPhone

    def clean(self, text: str) -> str | None:
        found = contacts.find_phones(text)
        return found[0] if len(found) == 1 else None

    def mask(self, text: str) -> str:
        return contacts.mask_phone(text)


class CreditCode(Contact):
    """The unified social credit code of an organisation (GB 32100-2015)."""

    code, name_zh, name_en = "credit_code", "统一社会信用代码", "Unified social credit code"
    refusal = NotACreditCode

    def clean(self, text: str) -> str | None:
        return contacts.credit_code_in(text)

    def mask(self, text: str) -> str:
        return text[:2] + "*" * 12 + text[-4:]
