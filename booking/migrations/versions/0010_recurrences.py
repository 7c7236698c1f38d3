"""Openings every so many weeks, by rank in the month, for walk-ins; their exceptions, and the periods of a site.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.slots import revisions

revision = "0010"
down_revision = "0009"

# Columns with their own constraints: SQLite adds them without rebuilding the table, which would drop its triggers.
COLUMNS = {
    "every": "INTEGER DEFAULT 1 NOT NULL CONSTRAINT ck_opening_every"
    " CHECK (every = 1 OR (every BETWEEN 2 AND 52 AND weekdays IS NOT NULL))",
    "ranks": "VARCHAR(400) CONSTRAINT ck_opening_ranks CHECK (ranks IS NULL OR (every = 1 AND weekdays IS NOT NULL))",
    "periods": "VARCHAR(6) CONSTRAINT ck_opening_periods"
    " CHECK (periods IS NULL OR (periods IN ('only', 'except') AND weekdays IS NOT NULL))",
}
# What 0009 would say wrongly: it would offer times at which nobody receives.
FORGET = "DELETE FROM opening WHERE every > 1 OR ranks IS NOT NULL OR periods IS NOT NULL OR on_call"


def upgrade() -> None:
    for name, definition in COLUMNS.items():
        op.execute(f"ALTER TABLE opening ADD COLUMN {name} {definition}")
    op.add_column("opening", sa.Column("on_call", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "opening_exception",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["opening_id"], ["opening.id"], name=op.f("fk_opening_exception_opening_id_opening")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_exception")),
        sa.UniqueConstraint("opening_id", "day", name=op.f("uq_opening_exception_opening_id_day")),
    )
    op.create_table(
        "period",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_period_days")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_period_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period")),
    )
    op.create_index(op.f("ix_period_site_id_last_day"), "period", ["site_id", "last_day"])
    revisions.install(op.get_bind())


def downgrade() -> None:
    """Openings that 0009 has no words for go; a date left out comes back, and needs an absence."""
    op.drop_table("period")
    op.drop_table("opening_exception")
    op.execute(FORGET)
    op.drop_column("opening", "on_call")
    for name in reversed(COLUMNS):
        op.execute(f"ALTER TABLE opening DROP COLUMN {name}")
