"""Who called the usagers whom no message could reach, and when; commands that touch no appointment.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # On the message itself: a call stands for one message, and is forgotten with it. Columns with their own
    # constraints: SQLite adds them without rebuilding the table.
    op.execute(
        "ALTER TABLE outbox_message ADD COLUMN called_by INTEGER"
        " CONSTRAINT fk_outbox_message_called_by REFERENCES agent (id)"
    )
    op.add_column("outbox_message", sa.Column("called_at", sa.DateTime(timezone=True)))
    # An absence that hits no appointment is a command like the others.
    with op.batch_alter_table("command") as command:
        command.alter_column("appointment_id", existing_type=sa.Integer(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM command WHERE appointment_id IS NULL")
    with op.batch_alter_table("command") as command:
        command.alter_column("appointment_id", existing_type=sa.Integer(), nullable=False)
    op.drop_column("outbox_message", "called_at")
    op.execute("ALTER TABLE outbox_message DROP COLUMN called_by")
