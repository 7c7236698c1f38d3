"""Collective sessions, which have a capacity, and series of appointments.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = ("appointment", "appointment_type")


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("uid", name=op.f("uq_series_uid")),
    )
    # Columns with their own constraints: SQLite adds them without rebuilding tables that others reference.
    for table in TABLES:
        check = "capacity IS NULL OR capacity BETWEEN 1 AND 200"
        op.execute(f"ALTER TABLE {table} ADD COLUMN capacity INTEGER CONSTRAINT ck_{table}_capacity CHECK ({check})")
    op.execute(
        "ALTER TABLE appointment ADD COLUMN series_id INTEGER CONSTRAINT fk_appointment_series_id REFERENCES series (id)"
    )
    op.create_index(op.f("ix_appointment_series_id"), "appointment", ["series_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_appointment_series_id"), "appointment")
    op.execute("ALTER TABLE appointment DROP COLUMN series_id")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN capacity")
    op.drop_table("series")
