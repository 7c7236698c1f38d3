"""Triggers that watch the names of professionals too, and renew the revision of their own schema, whoever writes.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from alembic import op

from booking.slots import revisions

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    revisions.install(op.get_bind())


def downgrade() -> None:
    """Nothing: what watches more, and finds its own schema, serves as well."""
