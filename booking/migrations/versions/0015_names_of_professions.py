"""Triggers that watch the names of professions too: lists show them from what is kept in memory.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

from alembic import op

from booking.slots import revisions

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    revisions.install(op.get_bind())


def downgrade() -> None:
    """Nothing: what watches more serves as well."""
