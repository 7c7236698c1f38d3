"""The professions that interpret.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

from alembic import op

from booking.slots import revisions

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("ALTER TABLE profession ADD COLUMN interprets BOOLEAN DEFAULT false NOT NULL")
    revisions.install(op.get_bind())


def downgrade() -> None:
    revisions.uninstall(op.get_bind())  # a trigger watches the column that goes
    op.execute("ALTER TABLE profession DROP COLUMN interprets")
    revisions.install(op.get_bind())
