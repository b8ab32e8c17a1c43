"""Invitees and their categories: who can be invited, and when two entries are the same person."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveys.base import Base


class Category(Base):
    """A kind of invitee: a row, so that staff can add their own. Never branch on a code."""

    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name_en: Mapped[str] = mapped_column(sa.String(60), default="")
    colour: Mapped[str] = mapped_column(sa.String(7), default="#14508c")
    position: Mapped[int] = mapped_column(default=0)
    companions: Mapped[int] = mapped_column(default=0)  # how many extra people one registration may bring
    self_chosen: Mapped[bool] = mapped_column(default=False)  # a stranger may pick it on a public event's form
    retired: Mapped[bool] = mapped_column(default=False)


class Invitee(Base):
    """Somebody the office may invite. The same normalised name with the same phone or e-mail is the same person."""

    __tablename__ = "invitee"
    __table_args__ = (
        sa.Index("uq_invitee_name_phone", "name_key", "phone", unique=True,
                 sqlite_where=sa.text("phone <> ''"), postgresql_where=sa.text("phone <> ''")),
        sa.Index("uq_invitee_name_email", "name_key", "email", unique=True,
                 sqlite_where=sa.text("email <> ''"), postgresql_where=sa.text("email <> ''")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    name_key: Mapped[str] = mapped_column(sa.String(60), index=True)  # see `name_key()`
    phone: Mapped[str] = mapped_column(sa.String(24), default="", index=True)  # digits only; see `clean_phone()`
    email: Mapped[str] = mapped_column(sa.String(254), default="")  # lower case
    organisation: Mapped[str] = mapped_column(sa.String(120), default="")
    position: Mapped[str] = mapped_column(sa.String(60), default="")  # 职务
    district: Mapped[str] = mapped_column(sa.String(60), default="")
    uscc: Mapped[str] = mapped_column(sa.String(18), default="")  # unified social credit code, GB 32100-2015
    note: Mapped[str] = mapped_column(sa.Text, default="")
    category_id: Mapped[int] = mapped_column(sa.ForeignKey("category.id"), index=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    category: Mapped[Category] = relationship(lazy="joined")
