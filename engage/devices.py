"""Devices: scanners and scripts that use the API with a bearer token. The token is shown once; only its hash is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from engage import audit
from engage.errors import Conflict, Denied, Invalid, NotFound
from surveys.base import Base

SEEN_EVERY = timedelta(minutes=1)  # `last_seen_at` is no more exact than this, and costs no write per request


class DeviceUnknown(NotFound):
    """There is no such device."""


class DeviceNameMissing(Invalid):
    """A device needs a name."""


class DeviceNameTaken(Conflict):
    """There is a device of this name already."""


class DeviceTokenRefused(Denied):
    """The token belongs to no device, or was revoked."""


class Device(Base):
    """A scanner or script with a token of its own."""

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60), unique=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)  # SHA-256, hexadecimal
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    @property
    def actor(self) -> str:
        """How the audit trail names this device."""
        return f"device:{self.name}"


def add_device(session: Session, name: str, *, now: datetime, by: str) -> tuple[Device, str]:
    """A new device and its token, which nobody can show again. Raises DeviceNameMissing, DeviceNameTaken."""
    name = name.strip()
    if not name:
        raise DeviceNameMissing(field="name")
    token = f"egd_{secrets.token_urlsafe(32)}"
    device = Device(name=name, token_hash=_hash(token), created_at=now)
    try:
        with session.begin_nested():
            session.add(device)
    except IntegrityError:
        raise DeviceNameTaken(field="name", name=name) from None
    audit.record(session, "device.add", device, by=by, now=now)
    return device, token


def device_with_id(session: Session, device_id: int) -> Device:
    """Raises DeviceUnknown."""
    if device := session.get(Device, device_id):
        return device
    raise DeviceUnknown(id=device_id)


def device_for(session: Session, token: str) -> Device:
    """The device whose token this is: one indexed query. Raises DeviceTokenRefused."""
    found = sa.select(Device).where(Device.token_hash == _hash(token), Device.revoked_at.is_(None))
    if device := session.scalar(found):
        return device
    raise DeviceTokenRefused


def revoke(session: Session, device: Device, *, now: datetime, by: str) -> None:
    """The token is refused from now on; a second time changes nothing."""
    if device.revoked_at is None:
        device.revoked_at = now
        audit.record(session, "device.revoke", device, by=by, now=now)


def note_seen(device: Device, *, now: datetime) -> None:
    """Remember, to the minute, that the device was in touch."""
    if device.last_seen_at is None or now - device.last_seen_at >= SEEN_EVERY:
        device.last_seen_at = now


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
