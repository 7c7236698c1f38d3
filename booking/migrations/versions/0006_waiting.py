"""The waiting list, what it proposes, and the seats that are held in a session.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    # With its own constraint: SQLite adds it without rebuilding a table that others reference.
    op.execute(
        "ALTER TABLE hold ADD COLUMN appointment_id INTEGER"
        " CONSTRAINT fk_hold_appointment_id REFERENCES appointment (id)"
    )
    op.create_index(op.f("ix_hold_appointment_id"), "hold", ["appointment_id"])
    op.create_table(
        "waiting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("usager_id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=True),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.Column("weekdays", sa.String(length=400), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("booked_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("starts >= 0 AND starts < ends AND ends <= 1440", name=op.f("ck_waiting_span")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_waiting_days")),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_waiting_ended")),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('booked', 'withdrawn', 'expired')", name=op.f("ck_waiting_outcome")
        ),
        sa.CheckConstraint(
            "(booked_id IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'booked')", name=op.f("ck_waiting_booked")
        ),
        sa.ForeignKeyConstraint(["usager_id"], ["usager.id"], name=op.f("fk_waiting_usager_id")),
        sa.ForeignKeyConstraint(["type_id"], ["appointment_type.id"], name=op.f("fk_waiting_type_id")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_waiting_professional_id")),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_waiting_appointment_id")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_waiting_agent_id")),
        sa.ForeignKeyConstraint(["booked_id"], ["appointment.id"], name=op.f("fk_waiting_booked_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting")),
        sa.UniqueConstraint("uid", name=op.f("uq_waiting_uid")),
        sa.UniqueConstraint("key", name=op.f("uq_waiting_key")),
    )
    op.create_index(op.f("ix_waiting_ended_at"), "waiting", ["ended_at"])
    op.create_index(op.f("ix_waiting_usager_id"), "waiting", ["usager_id"])
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("waiting_id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=True),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.CheckConstraint("(professional_id IS NULL) <> (appointment_id IS NULL)", name=op.f("ck_proposal_what")),
        sa.CheckConstraint("state IN ('pending', 'booked', 'declined', 'lapsed')", name=op.f("ck_proposal_state")),
        sa.ForeignKeyConstraint(["waiting_id"], ["waiting.id"], name=op.f("fk_proposal_waiting_id")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_proposal_professional_id")),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_proposal_appointment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("uid", name=op.f("uq_proposal_uid")),
    )
    op.create_index(op.f("ix_proposal_waiting_id"), "proposal", ["waiting_id"])
    op.create_index(
        "ix_proposal_pending",
        "proposal",
        ["waiting_id"],
        unique=True,
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )


def downgrade() -> None:
    # What is proposed is given back: nobody would know whom it is kept for.
    op.execute("DELETE FROM occupancy WHERE hold_id IN (SELECT id FROM hold WHERE uid IN (SELECT uid FROM proposal))")
    op.execute("DELETE FROM hold WHERE uid IN (SELECT uid FROM proposal)")
    op.drop_table("proposal")
    op.drop_table("waiting")
    op.drop_index(op.f("ix_hold_appointment_id"), "hold")
    op.execute("ALTER TABLE hold DROP COLUMN appointment_id")
