"""Mixing what anonymous questionnaires have collected: see `surveys.mixing`."""

import logging

from sqlalchemy.exc import OperationalError

from surveys import mixing
from webapp.tallying import fewest
from webapp.wiring import clock, db, secret

log = logging.getLogger(__name__)


def work_off() -> None:
    """Mix what is new since the last minute, and release what still waits where all is over; where others keep the tables, the next minute does."""
    try:
        mixing.mix(db.engine, now=clock(), secret=secret(), fewest=fewest())
    except OperationalError as error:
        log.warning("mixing was put off: %s", type(error.orig).__name__)
