"""What tells programs from people on an open link, without asking anybody anything: a field that only programs see, and the
moment at which the form was handed out. Neither needs a script, a cookie or another's service.
"""

import hmac
from datetime import datetime

TRAP = "form.website"  # hidden from people; whoever fills it in is shown to staff, not refused: a browser may have done it
ISSUED = "form.issued"
FASTEST = 1.0  # seconds; nobody reads a question and answers it in less


def issued(key: str, *, now: datetime) -> str:
    """The moment, signed. It names no form and no person."""
    moment = f"{now.timestamp():.1f}"
    return f"{moment}.{_signature(key, moment)}"


def is_ours(key: str, token: str) -> bool:
    """Whether we have issued it."""
    moment, _, signature = token.rpartition(".")
    return hmac.compare_digest(signature.encode(), _signature(key, moment).encode())


def too_fast(key: str, token: str, *, now: datetime) -> bool:
    """Whether a form came back sooner than a person can send it, or was never handed out. It never becomes too old."""
    return not is_ours(key, token) or now.timestamp() - float(token.rpartition(".")[0]) < FASTEST


def _signature(key: str, moment: str) -> str:
    return hmac.digest(key.encode(), b"form issued " + moment.encode(), "sha256").hex()[:32]
