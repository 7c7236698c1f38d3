"""The revision of the configuration, renewed by triggers.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.slots import revisions

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "configuration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_configuration_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration")),
    )
    revisions.install(op.get_bind())


def downgrade() -> None:
    revisions.uninstall(op.get_bind())
    op.drop_table("configuration")
