"""Encryption of what is sensitive, before it goes into the database: Fernet, with keys that can be changed."""

import base64
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from engage.errors import Conflict

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class SealedWithAnotherKey(Conflict):
    """What is encrypted cannot be read with the keys that are configured."""


class Cipher:
    """Seals with the first of its secrets and opens with any of them.

    The secrets are texts of any length with as much randomness as a key needs: a password is none. Each becomes a key by
    HKDF-SHA256 (RFC 5869) with a label of its own, so that a secret that also signs sessions gives no key away.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or "" in secrets:
            raise ValueError("a cipher needs a secret")
        self._secrets = tuple(secrets)

    def seal(self, content: bytes) -> bytes:
        """The encrypted and signed content as ASCII, a third longer and some."""
        return self._keys.encrypt(content)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed. Raises SealedWithAnotherKey, also for what was tampered with."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 -- slow import

        try:
            return self._keys.decrypt(sealed)
        except InvalidToken:
            raise SealedWithAnotherKey from None

    def reseal(self, sealed: bytes) -> bytes:
        """The same content under the first secret. Raises SealedWithAnotherKey."""
        return self.seal(self.open(sealed))

    def seal_text(self, text: str) -> str:
        """As `seal`, for a text column."""
        return self.seal(text.encode()).decode()

    def open_text(self, sealed: str) -> str:
        """As `open`, for what `seal_text` has made."""
        return self.open(sealed.encode()).decode()

    @cached_property
    def _keys(self) -> "MultiFernet":
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 -- slow import

        return MultiFernet([Fernet(_key(secret)) for secret in self._secrets])


def _key(secret: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 -- slow import
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 -- slow import

    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"engage registration answers").derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
