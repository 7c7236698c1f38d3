"""The local mailbox: what would have been sent, for an installation without a mail server."""

from __future__ import annotations

from email.message import EmailMessage

from flask import Blueprint, current_app, render_template

from booking.config import Settings
from booking.errors import NotFound
from booking.notify import mailbox
from booking.web.policy import signed_in

bp = Blueprint("mailbox", __name__, url_prefix="/boite-aux-lettres")


@bp.get("")
@signed_in
def index() -> str:
    """The last mails, newest first."""
    return render_template("admin/mailbox.html", mails=mailbox.newest(_settings().mailbox))


@bp.get("/<name>")
@signed_in
def show(name: str) -> str:
    """One mail: its headers, its text, and the list of its parts. Its HTML is shown as source, never run."""
    mail = mailbox.read(_settings().mailbox, name)
    return render_template("admin/mail.html", mail=mail, text=_text(mail, "plain"), html=_text(mail, "html"))


def _text(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    return str(body.get_content()) if body else ""


def _settings() -> Settings:
    """The settings, when there is a mailbox. Raises NotFound when mails really leave."""
    settings: Settings = current_app.extensions["booking"]
    if settings.smtp is not None:
        raise NotFound("mail")
    return settings
