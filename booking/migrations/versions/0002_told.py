"""History says why and is append-only; each usager has their own count of what they were told.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.reservations import append_only

revision = "0002"
down_revision = "0001"

ACTIONS = "'booked', 'moved', 'room_changed', 'cancelled', 'attendance'"
MORE_ACTIONS = "'booked', 'moved', 'room_changed', 'changed', 'cancelled', 'restored', 'joined', 'left', 'attendance'"
REASONS = "'usager_request', 'service_request', 'professional_absent', 'closed', 'walk_in', 'hors_plage', 'swap', 'waiting_list', 'mistake', 'other'"


def upgrade() -> None:
    op.add_column("participation", sa.Column("notice", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.execute(
        "UPDATE participation SET notice ="
        " (SELECT appointment.notice FROM appointment WHERE appointment.id = participation.appointment_id)"
    )
    # SQLite rebuilds a table by dropping it, which a row that refers to it forbids: so before `told` does.
    with op.batch_alter_table("history") as history:
        history.add_column(sa.Column("reason", sa.String(length=20), nullable=True))
        history.drop_constraint(op.f("ck_history_action"), type_="check")
        history.create_check_constraint(op.f("ck_history_action"), f"action IN ({MORE_ACTIONS})")
        history.create_check_constraint(op.f("ck_history_reason"), f"reason IS NULL OR reason IN ({REASONS})")
    op.create_table(
        "told",
        sa.Column("history_id", sa.Integer(), nullable=False),
        sa.Column("usager_id", sa.Integer(), nullable=False),
        sa.Column("change", sa.String(length=12), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.CheckConstraint("change IN ('booked', 'moved', 'cancelled')", name=op.f("ck_told_change")),
        sa.ForeignKeyConstraint(["history_id"], ["history.id"], name=op.f("fk_told_history_id")),
        sa.ForeignKeyConstraint(["usager_id"], ["usager.id"], name=op.f("fk_told_usager_id")),
        sa.PrimaryKeyConstraint("history_id", "usager_id", name=op.f("pk_told")),
    )
    op.create_index(op.f("ix_told_usager_id"), "told", ["usager_id"])
    # Until now everybody who takes part was told. An attendance with a notice is what a downgrade makes of « joined »
    # and « left »: whom it told is forgotten, the count is not.
    op.execute(
        "INSERT INTO told (history_id, usager_id, change, notice)"
        " SELECT history.id, participation.usager_id,"
        " CASE history.action WHEN 'attendance' THEN 'booked' ELSE history.action END, history.notice FROM history"
        " JOIN participation ON participation.appointment_id = history.appointment_id"
        " WHERE history.notice IS NOT NULL"
    )
    op.drop_column("history", "notice")
    op.drop_column("appointment", "notice")
    append_only.install(op.get_bind())


def downgrade() -> None:
    append_only.uninstall(op.get_bind())
    op.add_column("history", sa.Column("notice", sa.Integer(), nullable=True))
    op.execute("UPDATE history SET notice = (SELECT max(told.notice) FROM told WHERE told.history_id = history.id)")
    op.drop_table("told")
    op.add_column("appointment", sa.Column("notice", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.execute(
        "UPDATE appointment SET notice = coalesce((SELECT max(history.notice) FROM history"
        " WHERE history.appointment_id = appointment.id), 0)"
    )
    op.drop_column("participation", "notice")
    # The nearest that was known then. Nobody is told of an attendance, so no message is missed or sent again.
    op.execute(
        "UPDATE history SET action = CASE action WHEN 'restored' THEN 'booked' WHEN 'changed' THEN 'moved'"
        " ELSE 'attendance' END WHERE action IN ('restored', 'changed', 'joined', 'left')"
    )
    with op.batch_alter_table("history") as history:
        history.drop_constraint(op.f("ck_history_reason"), type_="check")
        history.drop_constraint(op.f("ck_history_action"), type_="check")
        history.create_check_constraint(op.f("ck_history_action"), f"action IN ({ACTIONS})")
        history.drop_column("reason")
