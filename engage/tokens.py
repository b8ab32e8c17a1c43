"""Signed links that expire. Tickets and invitations are not signed but random values in the database."""

from enum import StrEnum

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from engage.errors import Denied


class LinkExpired(Denied):
    """The link was right but is too old."""


class LinkInvalid(Denied):
    """The link was not made here, or not for this."""


class Purpose(StrEnum):
    """What a link is for; each has a salt of its own, so that none opens another door."""

    SETUP = "setup"
    TICKETS = "tickets"


def sign(key: str, purpose: Purpose, subject: str) -> str:
    """A token, safe in an address, that says `subject` and when it was made."""
    return URLSafeTimedSerializer(key, salt=f"engage.{purpose}").dumps(subject)


def subject_of(key: str, purpose: Purpose, token: str, *, max_age: int) -> str:
    """The subject of a token made at most `max_age` seconds ago. Raises LinkExpired, LinkInvalid."""
    try:
        return str(URLSafeTimedSerializer(key, salt=f"engage.{purpose}").loads(token, max_age=max_age))
    except SignatureExpired:
        raise LinkExpired from None
    except BadData:
        raise LinkInvalid from None
