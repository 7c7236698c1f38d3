"""The index of what is held leaves out what is not: nearly everything.

Otherwise, once SQLite has counted (ANALYZE), it takes « not held » for what a hold has, and reads every occupancy
rather than the few of a hold.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

HELD = sa.text("hold_id IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_occupancy_hold_id", "occupancy")
    op.create_index("ix_occupancy_hold_id", "occupancy", ["hold_id"], sqlite_where=HELD, postgresql_where=HELD)


def downgrade() -> None:
    op.drop_index("ix_occupancy_hold_id", "occupancy")
    op.create_index("ix_occupancy_hold_id", "occupancy", ["hold_id"])
