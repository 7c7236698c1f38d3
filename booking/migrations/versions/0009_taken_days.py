"""When professionals and rooms are taken, day by day, as bits; triggers note the days that change.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.slots import days

revision = "0009"
down_revision = "0008"

# What is taken already has changed since nothing was written: the worker writes its bits.
NOTE_ALL = """INSERT INTO changed_day (resource_id, day) SELECT DISTINCT resource_id, day FROM (
SELECT resource_id, starts_at / 86400 AS day FROM occupancy UNION SELECT resource_id, (ends_at - 1) / 86400 FROM occupancy
) AS touched JOIN resource ON resource.id = touched.resource_id WHERE resource.kind <> 'usager'"""


def upgrade() -> None:
    op.create_table(
        "taken_day",
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("cells", sa.LargeBinary(length=36), nullable=False),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_taken_day_resource_id_resource")),
        sa.PrimaryKeyConstraint("resource_id", "day", name=op.f("pk_taken_day")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "changed_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_changed_day_resource_id_resource")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changed_day")),
    )
    op.create_index(op.f("ix_changed_day_resource_id_day"), "changed_day", ["resource_id", "day"])
    days.install(op.get_bind())
    op.execute(NOTE_ALL)


def downgrade() -> None:
    days.uninstall(op.get_bind())
    op.drop_table("changed_day")
    op.drop_table("taken_day")
