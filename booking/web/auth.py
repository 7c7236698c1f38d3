"""Signing in and out, and the session of a signed-in agent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Flask, current_app, redirect, render_template, request, session, url_for
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.exceptions import InternalServerError
from werkzeug.wrappers import Response

from booking import clock
from booking.access import credentials, passwords
from booking.access.credentials import TooManyAttempts, WrongCredentials
from booking.db import db
from booking.errors import Invalid
from booking.people.models import Agent
from booking.web import policy, security
from booking.web.forms import Form, Ruled, Secret, line
from booking.web.policy import public, signed_in

TOUCH_SECONDS = 60

bp = Blueprint("auth", __name__)
login_manager = LoginManager()


@dataclass(eq=False)
class SignedIn(UserMixin):
    """The agent of the session; a password chosen since then ends it, by the version."""

    agent_id: int
    name: str
    auth_version: int

    def get_id(self) -> str:
        """What the session holds."""
        return f"{self.agent_id}.{self.auth_version}"


def init_app(app: Flask) -> None:
    """Sessions, and the check of the policy before every view."""
    # Not `init_app`: its hooks ask who is signed in on every answer, the page of a database out of reach and the
    # calendar feeds included. We have no « remember me », which is what they are for.
    app.login_manager = login_manager  # type: ignore[attr-defined]  # where Flask-Login looks for it
    login_manager.user_loader(load_agent)
    app.before_request(enforce)
    app.register_blueprint(bp)


def enforce() -> Response | None:
    """Let the request through when the route's policy allows it; ask to sign in otherwise."""
    match policy.requested():
        case "public":
            return None
        case "signed_in":
            return None if current() else ask_to_sign_in()
        case None:
            raise InternalServerError("a route without a policy")


def ask_to_sign_in() -> Response:
    """To the sign-in page, and back afterwards when that makes sense."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.connexion", next=wanted if wanted != "/" else None))


# ------------------------------------------------------------------ the session


def load_agent(stored: str) -> SignedIn | None:
    """The agent of the session, unless it is too old, idle for too long, or its password has changed."""
    now = clock.now()
    if not still_open(now):
        session.clear()
        return None
    agent_id, _, version = stored.partition(".")
    name = credentials.agent_in_session(db.session(), int(agent_id), int(version))
    if name is None:
        return None
    if seconds(now) - session["seen"] >= TOUCH_SECONDS:
        session["seen"] = seconds(now)
    return SignedIn(int(agent_id), name, int(version))


def current() -> SignedIn | None:
    """The agent of the request, if it has one."""
    found: SignedIn | AnonymousUserMixin = current_user._get_current_object()
    return found if isinstance(found, SignedIn) else None


def agent_id() -> int | None:
    """The key of that agent."""
    agent = current()
    return agent.agent_id if agent else None


def still_open(now: datetime) -> bool:
    """Whether the session began at most 10 hours ago and was used in the last 30 minutes."""
    age: float = seconds(now) - session.get("begun", 0)
    idle: float = seconds(now) - session.get("seen", 0)
    return age < security.ABSOLUTE.total_seconds() and idle < security.IDLE.total_seconds()


def open_session(agent_id: int) -> None:
    """Begin a session from nothing: what was in the cookie before does not survive."""
    now = clock.now()
    session.clear()
    session["begun"] = session["seen"] = seconds(now)
    agent = db.session().get_one(Agent, agent_id)
    login_user(SignedIn(agent.id, agent.name, agent.auth_version))


def seconds(moment: datetime) -> int:
    """What the cookie holds of an instant."""
    return int(moment.astimezone(UTC).timestamp())


# ------------------------------------------------------------------ the pages


class SignInForm(Form):
    """A login and a password."""

    login = Ruled("Identifiant", line(80, required=True), autocomplete="username")
    password = Secret("Mot de passe", autocomplete="current-password")


class PasswordForm(Form):
    """A new password, twice."""

    password = Secret("Nouveau mot de passe", autocomplete="new-password")
    again = Secret("Le même, encore une fois", autocomplete="new-password")


@bp.get("/connexion")
@public
def connexion() -> str | Response:
    """The sign-in page."""
    if current():
        return redirect(after_sign_in())
    return render_template("access/sign_in.html", form=SignInForm(), next=safe_next())


@bp.post("/connexion")
@public
def sign_in() -> Response | tuple[str, int]:
    """Check the password; the answer does not say whether the account exists."""
    form = SignInForm()
    if not form.validate():
        return sign_in_again(form, 422)
    address = request.remote_addr or "?"
    key = str(current_app.secret_key)
    try:
        agent_id = credentials.sign_in(form.login.data, form.password.data, address, clock.now(), key)
    except WrongCredentials:
        form.refuse_whole("Identifiant ou mot de passe inconnu : vérifiez-les, ou demandez un nouveau lien.")
        return sign_in_again(form, 422)
    except TooManyAttempts as refusal:
        wait = math.ceil(refusal.wait.total_seconds())
        form.refuse_whole(f"Trop d’essais : attendez {wait} seconde{'s' if wait > 1 else ''}, puis recommencez.")
        return sign_in_again(form, 429)
    open_session(agent_id)
    return redirect(after_sign_in())


def sign_in_again(form: SignInForm, status: int) -> tuple[str, int]:
    return render_template("access/sign_in.html", form=form, next=safe_next()), status


@bp.get("/lien/<token>")
@public
def link(token: str) -> str:
    """The page of a one-time link: looking at it uses nothing, for mail scanners open every link."""
    agent = credentials.agent_of_link(db.session(), token, clock.now())
    return render_template("access/link.html", form=PasswordForm(), agent=agent, minimum=passwords.MINIMUM)


@bp.post("/lien/<token>")
@public
def use_link(token: str) -> Response | tuple[str, int]:
    """Choose the password and sign in; the link is spent."""
    form = PasswordForm()
    agent = credentials.agent_of_link(db.session(), token, clock.now())
    if form.validate() and form.password.data != form.again.data:
        form.refuse(Invalid("again", "differs"))
    if not form.has_errors:
        try:
            open_session(credentials.use_link(token, form.password.data, clock.now()))
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("day.day"))
    page = render_template("access/link.html", form=form, agent=agent, minimum=passwords.MINIMUM)
    return page, 422


@bp.post("/deconnexion")
@signed_in
def sign_out() -> Response:
    """End the session."""
    logout_user()
    session.clear()
    return redirect(url_for("auth.connexion"))


def after_sign_in() -> str:
    return safe_next() or url_for("day.day")


def safe_next() -> str | None:
    """The path of this site that was asked for before signing in; anything else is ignored."""
    wanted = request.args.get("next", "")
    return wanted if is_own_path(wanted) else None


def is_own_path(wanted: str) -> bool:
    """Whether a browser sent there stays on this site, however often it decodes what it reads."""
    decoded = unquote(unquote(wanted))
    return wanted.startswith("/") and all(
        text.isprintable() and not set(text) & set("\\ ") and not text.startswith("//") and not any(urlsplit(text)[:2])
        for text in (wanted, decoded)
    )
