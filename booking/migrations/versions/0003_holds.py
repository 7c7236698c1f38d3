"""Slots kept for a few minutes while they are booked.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.slots import guards

revision = "0003"
down_revision = "0002"

BEFORE = "(appointment_id IS NULL) <> (block IS NULL)"
AFTER = (
    "(appointment_id IS NOT NULL AND hold_id IS NULL AND block IS NULL)"
    " OR (appointment_id IS NULL AND hold_id IS NOT NULL AND block IS NULL)"
    " OR (appointment_id IS NULL AND hold_id IS NULL AND block IS NOT NULL)"
)


def upgrade() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at AND created_at < expires_at", name=op.f("ck_hold_span")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_hold_agent_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_hold_site_id")),
        sa.ForeignKeyConstraint(["type_id"], ["appointment_type.id"], name=op.f("fk_hold_type_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_hold_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("uid", name=op.f("uq_hold_uid")),
        sa.UniqueConstraint("key", name=op.f("uq_hold_key")),
    )
    op.create_index(op.f("ix_hold_expires_at"), "hold", ["expires_at"])
    with op.batch_alter_table("occupancy") as occupancy:
        occupancy.add_column(sa.Column("hold_id", sa.Integer(), nullable=True))
        occupancy.create_foreign_key(op.f("fk_occupancy_hold_id"), "hold", ["hold_id"], ["id"])
        occupancy.create_index(op.f("ix_occupancy_hold_id"), ["hold_id"])
        occupancy.drop_constraint(op.f("ck_occupancy_one_cause"), type_="check")
        occupancy.create_check_constraint(op.f("ck_occupancy_one_cause"), AFTER)
    _reinstall()


def downgrade() -> None:
    op.execute("DELETE FROM occupancy WHERE hold_id IS NOT NULL")
    with op.batch_alter_table("occupancy") as occupancy:
        occupancy.drop_constraint(op.f("ck_occupancy_one_cause"), type_="check")
        occupancy.create_check_constraint(op.f("ck_occupancy_one_cause"), BEFORE)
        occupancy.drop_index(op.f("ix_occupancy_hold_id"))
        occupancy.drop_constraint(op.f("fk_occupancy_hold_id"), type_="foreignkey")
        occupancy.drop_column("hold_id")
    op.drop_table("hold")
    _reinstall()


def _reinstall() -> None:
    """On SQLite the batch has rebuilt the table, and lost its triggers."""
    if op.get_bind().dialect.name == "sqlite":
        guards.install(op.get_bind())
