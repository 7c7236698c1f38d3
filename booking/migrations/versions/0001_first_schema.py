"""The first schema, with the guard against overlaps.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.slots import guards

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("auth_version", sa.Integer(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
        sa.UniqueConstraint("login", name=op.f("uq_agent_login")),
    )
    op.create_table(
        "profession",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profession")),
        sa.UniqueConstraint("code", name=op.f("uq_profession_code")),
    )
    op.create_table(
        "resource",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.CheckConstraint("kind IN ('room', 'professional', 'usager')", name=op.f("ck_resource_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource")),
    )
    op.create_table(
        "service",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("confidentiality", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "confidentiality IN ('open', 'compartmented', 'confidential')",
            name=op.f("ck_service_confidentiality"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
        sa.UniqueConstraint("code", name=op.f("uq_service_code")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_failure")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("public_name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("directions", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("closed_on_public_holidays", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("code", name=op.f("uq_site_code")),
    )
    op.create_table(
        "appointment_type",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("duration", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("buffer_before", sa.Integer(), nullable=False),
        sa.Column("buffer_after", sa.Integer(), nullable=False),
        sa.Column("room_kinds", sa.String(length=400), nullable=False),
        sa.Column("features", sa.String(length=400), nullable=False),
        sa.Column("lead_time", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("desk_lead_time", sa.Integer(), nullable=False),
        sa.Column("bring", sa.String(length=200), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(mode = 'in_person') = (room_kinds <> '')", name=op.f("ck_appointment_type_room_kinds")),
        sa.CheckConstraint("mode IN ('in_person', 'phone', 'video', 'home')", name=op.f("ck_appointment_type_mode")),
        sa.CheckConstraint(
            "buffer_after BETWEEN 0 AND 120 AND buffer_after % 5 = 0",
            name=op.f("ck_appointment_type_buffer_after"),
        ),
        sa.CheckConstraint(
            "buffer_before BETWEEN 0 AND 120 AND buffer_before % 5 = 0",
            name=op.f("ck_appointment_type_buffer_before"),
        ),
        sa.CheckConstraint(
            "duration BETWEEN 5 AND 480 AND duration % 5 = 0", name=op.f("ck_appointment_type_duration")
        ),
        sa.CheckConstraint(
            "lead_time >= 0 AND desk_lead_time >= 0 AND horizon_days >= 1",
            name=op.f("ck_appointment_type_notice"),
        ),
        sa.CheckConstraint("step BETWEEN 5 AND 480 AND step % 5 = 0", name=op.f("ck_appointment_type_step")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_appointment_type_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_type")),
        sa.UniqueConstraint("code", name=op.f("uq_appointment_type_code")),
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=120), nullable=False),
        sa.Column("message_id", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name=op.f("ck_outbox_message_lease")),
        sa.CheckConstraint(
            "kind IN ('confirmation', 'moved', 'cancelled', 'reminder')", name=op.f("ck_outbox_message_kind")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'failed', 'discarded', 'withheld')",
            name=op.f("ck_outbox_message_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('failed', 'discarded', 'withheld') OR reason IS NOT NULL",
            name=op.f("ck_outbox_message_reason"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["resource.id"], name=op.f("fk_outbox_message_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_message_dedupe_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_message_id")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_message_about"), ["about"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_message_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "professional",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("civility", sa.String(length=4), nullable=True),
        sa.Column("last_name", sa.String(length=80), nullable=False),
        sa.Column("first_name", sa.String(length=80), nullable=False),
        sa.Column("profession_id", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("feed_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["resource.id"], name=op.f("fk_professional_id")),
        sa.ForeignKeyConstraint(["profession_id"], ["profession.id"], name=op.f("fk_professional_profession_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_professional")),
        sa.UniqueConstraint("code", name=op.f("uq_professional_code")),
    )
    op.create_table(
        "room",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("features", sa.String(length=400), nullable=False),
        sa.Column("reserved_for_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('bureau', 'cabinet', 'parents_enfants', 'espace_numerique')", name=op.f("ck_room_kind")
        ),
        sa.CheckConstraint("capacity BETWEEN 1 AND 500", name=op.f("ck_room_capacity")),
        sa.ForeignKeyConstraint(["id"], ["resource.id"], name=op.f("fk_room_id")),
        sa.ForeignKeyConstraint(["reserved_for_id"], ["service.id"], name=op.f("fk_room_reserved_for_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_room_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.UniqueConstraint("site_id", "code", name=op.f("uq_room_site_id_code")),
    )
    op.create_table(
        "sign_in_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_sign_in_link_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_link_token_hash")),
    )
    with op.batch_alter_table("sign_in_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_link_agent_id"), ["agent_id"], unique=False)

    op.create_table(
        "site_hours",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "weekday BETWEEN 1 AND 7 AND opens >= 0 AND opens < closes AND closes <= 1440 AND opens % 5 = 0 AND closes % 5 = 0",
            name=op.f("ck_site_hours_span"),
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_hours_site_id")),
        sa.PrimaryKeyConstraint("site_id", "weekday", name=op.f("pk_site_hours")),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_absence_span")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_absence_professional_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
        sa.UniqueConstraint("uid", name=op.f("uq_absence_uid")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_absence_professional_id_ends_at"), ["professional_id", "ends_at"], unique=False
        )

    op.create_table(
        "appointment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=40), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("buffer_before", sa.Integer(), nullable=False),
        sa.Column("buffer_after", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.String(length=8), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(mode = 'in_person') = (room_id IS NOT NULL)", name=op.f("ck_appointment_room")),
        sa.CheckConstraint(
            "cancelled_by IS NULL OR cancelled_by IN ('usager', 'service')",
            name=op.f("ck_appointment_cancelled_by"),
        ),
        sa.CheckConstraint("(cancelled_at IS NULL) = (cancelled_by IS NULL)", name=op.f("ck_appointment_cancelled")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_appointment_span")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_appointment_room_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_appointment_site_id")),
        sa.ForeignKeyConstraint(["type_id"], ["appointment_type.id"], name=op.f("fk_appointment_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("uid", name=op.f("uq_appointment_uid")),
    )
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appointment_room_id_starts_at"), ["room_id", "starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointment_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "appointment_type_profession",
        sa.Column("appointment_type_id", sa.Integer(), nullable=False),
        sa.Column("profession_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_type_id"],
            ["appointment_type.id"],
            name=op.f("fk_appointment_type_profession_appointment_type_id"),
        ),
        sa.ForeignKeyConstraint(
            ["profession_id"], ["profession.id"], name=op.f("fk_appointment_type_profession_profession_id")
        ),
        sa.PrimaryKeyConstraint("appointment_type_id", "profession_id", name=op.f("pk_appointment_type_profession")),
    )
    op.create_table(
        "closure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_closure_span")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_closure_room_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_closure_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
    )
    with op.batch_alter_table("closure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_closure_site_id_ends_at"), ["site_id", "ends_at"], unique=False)

    op.create_table(
        "feed_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("wording", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("wording IN ('occupe', 'initiales', 'complet')", name=op.f("ck_feed_token_wording")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_feed_token_professional_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_feed_token_token_hash")),
    )
    with op.batch_alter_table("feed_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feed_token_professional_id"), ["professional_id"], unique=False)

    op.create_table(
        "opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("weekdays", sa.String(length=400), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_opening_days")),
        sa.CheckConstraint(
            "starts >= 0 AND starts < ends AND ends <= 1440 AND starts % 5 = 0 AND ends % 5 = 0",
            name=op.f("ck_opening_span"),
        ),
        sa.CheckConstraint("weekdays IS NOT NULL OR last_day = first_day", name=op.f("ck_opening_one_date")),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"], name=op.f("fk_opening_professional_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_opening_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
    )
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_opening_professional_id_first_day"), ["professional_id", "first_day"], unique=False
        )

    op.create_table(
        "professional_service",
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["professional_id"], ["professional.id"], name=op.f("fk_professional_service_professional_id")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_professional_service_service_id")),
        sa.PrimaryKeyConstraint("professional_id", "service_id", name=op.f("pk_professional_service")),
    )
    op.create_table(
        "usager",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("last_name", sa.String(length=80), nullable=True),
        sa.Column("birth_name", sa.String(length=80), nullable=True),
        sa.Column("first_name", sa.String(length=80), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("contact", sa.String(length=10), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("step_free", sa.Boolean(), nullable=False),
        sa.Column("referent_id", sa.Integer(), nullable=True),
        sa.Column("search_key", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("contact IN ('normal', 'discreet', 'none')", name=op.f("ck_usager_contact")),
        sa.CheckConstraint("language IN ('fr', 'en', 'es', 'pt', 'ar')", name=op.f("ck_usager_language")),
        sa.CheckConstraint("(last_name IS NULL) <> (code IS NULL)", name=op.f("ck_usager_name_or_code")),
        sa.CheckConstraint(
            "code IS NULL OR (service_id IS NOT NULL AND first_name IS NULL AND birth_name IS NULL AND birth_date IS NULL AND phone IS NULL AND email IS NULL)",
            name=op.f("ck_usager_code_is_anonymous"),
        ),
        sa.ForeignKeyConstraint(["id"], ["resource.id"], name=op.f("fk_usager_id")),
        sa.ForeignKeyConstraint(["referent_id"], ["professional.id"], name=op.f("fk_usager_referent_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_usager_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usager")),
        sa.UniqueConstraint("code", name=op.f("uq_usager_code")),
    )
    with op.batch_alter_table("usager", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_usager_phone"), ["phone"], unique=False)
        batch_op.create_index(batch_op.f("ix_usager_service_id_search_key"), ["service_id", "search_key"], unique=False)

    op.create_table(
        "appointment_professional",
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_appointment_professional_appointment_id")
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"], ["professional.id"], name=op.f("fk_appointment_professional_professional_id")
        ),
        sa.PrimaryKeyConstraint("appointment_id", "professional_id", name=op.f("pk_appointment_professional")),
    )
    with op.batch_alter_table("appointment_professional", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_appointment_professional_professional_id"), ["professional_id"], unique=False
        )

    op.create_table(
        "command",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_command_appointment_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_command")),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("notice", sa.Integer(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "action IN ('booked', 'moved', 'room_changed', 'cancelled', 'attendance')",
            name=op.f("ck_history_action"),
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_history_agent_id")),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_history_appointment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_history_appointment_id"), ["appointment_id"], unique=False)

    op.create_table(
        "occupancy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.Column("block", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(appointment_id IS NULL) <> (block IS NULL)", name=op.f("ck_occupancy_one_cause")),
        sa.CheckConstraint("starts_at % 300 = 0 AND ends_at % 300 = 0", name=op.f("ck_occupancy_grid")),
        sa.CheckConstraint("starts_at < ends_at AND ends_at - starts_at <= 86400", name=op.f("ck_occupancy_span")),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_occupancy_appointment_id")),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_occupancy_resource_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupancy")),
    )
    with op.batch_alter_table("occupancy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_occupancy_appointment_id"), ["appointment_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_occupancy_resource_id_starts_at_ends_at"),
            ["resource_id", "starts_at", "ends_at"],
            unique=False,
        )

    op.create_table(
        "participation",
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("usager_id", sa.Integer(), nullable=False),
        sa.Column("attendance", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "attendance IN ('expected', 'arrived', 'in_progress', 'seen', 'no_show', 'excused', 'revoked')",
            name=op.f("ck_participation_attendance"),
        ),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_participation_appointment_id")),
        sa.ForeignKeyConstraint(["usager_id"], ["usager.id"], name=op.f("fk_participation_usager_id")),
        sa.PrimaryKeyConstraint("appointment_id", "usager_id", name=op.f("pk_participation")),
    )
    with op.batch_alter_table("participation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_participation_usager_id"), ["usager_id"], unique=False)
    guards.install(op.get_bind())


def downgrade() -> None:
    with op.batch_alter_table("participation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_participation_usager_id"))

    op.drop_table("participation")
    with op.batch_alter_table("occupancy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_occupancy_resource_id_starts_at_ends_at"))
        batch_op.drop_index(batch_op.f("ix_occupancy_appointment_id"))

    op.drop_table("occupancy")
    with op.batch_alter_table("history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_history_appointment_id"))

    op.drop_table("history")
    op.drop_table("command")
    with op.batch_alter_table("appointment_professional", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appointment_professional_professional_id"))

    op.drop_table("appointment_professional")
    with op.batch_alter_table("usager", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_usager_service_id_search_key"))
        batch_op.drop_index(batch_op.f("ix_usager_phone"))

    op.drop_table("usager")
    op.drop_table("professional_service")
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opening_professional_id_first_day"))

    op.drop_table("opening")
    with op.batch_alter_table("feed_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feed_token_professional_id"))

    op.drop_table("feed_token")
    with op.batch_alter_table("closure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_closure_site_id_ends_at"))

    op.drop_table("closure")
    op.drop_table("appointment_type_profession")
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appointment_starts_at"))
        batch_op.drop_index(batch_op.f("ix_appointment_room_id_starts_at"))

    op.drop_table("appointment")
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_absence_professional_id_ends_at"))

    op.drop_table("absence")
    op.drop_table("site_hours")
    with op.batch_alter_table("sign_in_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_link_agent_id"))

    op.drop_table("sign_in_link")
    op.drop_table("room")
    op.drop_table("professional")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_message_state_due_at"))
        batch_op.drop_index(batch_op.f("ix_outbox_message_about"))

    op.drop_table("outbox_message")
    op.drop_table("appointment_type")
    op.drop_table("site")
    op.drop_table("sign_in_failure")
    op.drop_table("service")
    op.drop_table("resource")
    op.drop_table("profession")
    op.drop_table("agent")
