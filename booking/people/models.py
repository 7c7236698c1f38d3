"""Who works here and who is received."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.db import Base
from booking.people.fields import full_name

Confidentiality = Literal["open", "compartmented", "confidential"]
Contact = Literal["normal", "discreet", "none"]
LANGUAGES = ("fr", "en", "es", "pt", "ar")  # those that we write in


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The SQL text of a CHECK that a column holds one of those codes."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


professional_service = sa.Table(
    "professional_service",
    Base.metadata,
    sa.Column("professional_id", sa.ForeignKey("professional.id"), primary_key=True),
    sa.Column("service_id", sa.ForeignKey("service.id"), primary_key=True),
)


class Service(Base):
    """A service of the département; its class says how much the others may know."""

    __tablename__ = "service"
    __table_args__ = (
        sa.UniqueConstraint("code"),
        # A service is open, compartmented or confidential.
        sa.CheckConstraint(one_of("confidentiality", get_args(Confidentiality)), name="confidentiality"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(80))
    confidentiality: Mapped[str] = mapped_column(sa.String(16))

    @property
    def confidential(self) -> bool:
        """Whether its usagers are received by code only, without name or mail."""
        return self.confidentiality == "confidential"


class Profession(Base):
    """What a professional is: social worker, midwife…"""

    __tablename__ = "profession"
    __table_args__ = (sa.UniqueConstraint("code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(80))
    # Interpreters take part in the appointments of every service, whichever theirs is.
    interprets: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))


def spoken_name(civility: str | None, first_name: str, last_name: str) -> str:
    """How reception says the name of a professional: « Mme Roux », « Dr Lenoir », « Claude Roux »."""
    return f"{civility or first_name} {last_name}"


class Professional(Base):
    """Receives usagers. Shares its key with its resource; retired, never deleted."""

    __tablename__ = "professional"
    __table_args__ = (sa.UniqueConstraint("code"),)

    id: Mapped[int] = mapped_column(sa.ForeignKey("resource.id"), primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(sa.String(60))
    civility: Mapped[str | None] = mapped_column(sa.String(4))
    last_name: Mapped[str] = mapped_column(sa.String(80))
    first_name: Mapped[str] = mapped_column(sa.String(80))
    profession_id: Mapped[int] = mapped_column(sa.ForeignKey("profession.id"))
    retired_at: Mapped[datetime | None]
    # Spoken beside French: codes of labels.SPOKEN.
    languages: Mapped[frozenset[str]] = mapped_column(default=frozenset(), server_default=sa.text("''"))
    # Counts what the professional's feeds would render differently; a part of their ETag.
    feed_version: Mapped[int] = mapped_column(default=0)

    profession: Mapped[Profession] = relationship()
    services: Mapped[list[Service]] = relationship(secondary=professional_service, order_by=Service.id)

    @property
    def name(self) -> str:
        """How reception says the name."""
        return spoken_name(self.civility, self.first_name, self.last_name)


class Usager(Base):
    """A person received. `service_id` is the namespace: null for the common one.

    In a confidential namespace there is no name and no address, only `code`.
    """

    __tablename__ = "usager"
    __table_args__ = (
        sa.UniqueConstraint("code"),
        # A person has either a name or, in a confidential namespace, a code.
        sa.CheckConstraint("(last_name IS NULL) <> (code IS NULL)", name="name_or_code"),
        # A code means a namespace and nothing that identifies the person.
        sa.CheckConstraint(
            "code IS NULL OR (service_id IS NOT NULL AND first_name IS NULL AND birth_name IS NULL"
            " AND birth_date IS NULL AND phone IS NULL AND email IS NULL)",
            name="code_is_anonymous",
        ),
        # A person is written to normally, discreetly or not at all.
        sa.CheckConstraint(one_of("contact", get_args(Contact)), name="contact"),
        # The language is one we write in.
        sa.CheckConstraint(one_of("language", LANGUAGES), name="language"),
        # A language that is spoken is a code of ISO 639; which ones we know is labels.SPOKEN.
        sa.CheckConstraint("length(spoken_language) BETWEEN 2 AND 3", name="spoken_language"),
        # An interpreter speaks some language.
        sa.CheckConstraint("NOT interpreter_needed OR spoken_language IS NOT NULL", name="interpreter_needed"),
        sa.Index(None, "service_id", "search_key"),
        sa.Index(None, "phone"),
    )

    id: Mapped[int] = mapped_column(sa.ForeignKey("resource.id"), primary_key=True, autoincrement=False)
    service_id: Mapped[int | None] = mapped_column(sa.ForeignKey("service.id"))
    code: Mapped[str | None] = mapped_column(sa.String(20))
    last_name: Mapped[str | None] = mapped_column(sa.String(80))
    birth_name: Mapped[str | None] = mapped_column(sa.String(80))
    first_name: Mapped[str | None] = mapped_column(sa.String(80))
    birth_date: Mapped[date | None]
    phone: Mapped[str | None] = mapped_column(sa.String(20))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    contact: Mapped[str] = mapped_column(sa.String(10), default="normal")
    language: Mapped[str] = mapped_column(sa.String(5), default="fr")
    # Beside French, or instead of it; null when nobody said.
    spoken_language: Mapped[str | None] = mapped_column(sa.String(3))
    interpreter_needed: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    step_free: Mapped[bool] = mapped_column(default=False)
    referent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("professional.id"))
    # Names folded for searching: lower case, no accent, no hyphen, a space before each word.
    search_key: Mapped[str] = mapped_column(sa.String(300), default="")
    created_at: Mapped[datetime]

    @property
    def name(self) -> str:
        """« DIALLO Amadou », or the code of a person received without a name."""
        if self.last_name is None:
            return f"Visiteur {self.code}"
        return full_name(self.last_name, self.first_name)

    @property
    def other_language(self) -> str | None:
        """The language other than French in which to receive them: spoken or, for want of it, the one we write in."""
        return self.spoken_language or (self.language if self.language != "fr" else None)


class Agent(Base):
    """Anybody who signs in. Without a password until a one-time link has been used."""

    __tablename__ = "agent"
    __table_args__ = (sa.UniqueConstraint("login"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(sa.String(80))
    name: Mapped[str] = mapped_column(sa.String(120))
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    # Raised when the password changes: every session opened before ends.
    auth_version: Mapped[int] = mapped_column(default=0)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
