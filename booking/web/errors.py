"""Refusals and failures as French pages that say what to do next."""

from __future__ import annotations

from flask import Flask, Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException, SecurityError

from booking.db import db, is_unavailable
from booking.errors import BookingError, DatabaseUnavailable
from booking.refusals import sentence, status

RETRY_SECONDS = "5"
KEY = "key"  # the field of a form that makes it safe to send twice

PAGES: dict[int, tuple[str, str]] = {
    400: ("Demande incomprise", "Revenez en arrière, vérifiez ce que vous avez saisi, puis recommencez."),
    403: ("Accès refusé", "Votre compte ne permet pas d’ouvrir cette page."),
    404: ("Page introuvable", "L’adresse est fausse, ou ce qu’elle montrait n’existe plus : repartez de la journée."),
    405: ("Action impossible ici", "Cette adresse ne s’utilise pas ainsi : repartez de la journée."),
    409: ("Déjà changé", "Quelqu’un d’autre a agi entre-temps : relisez, puis recommencez."),
    413: ("Envoi trop gros", "Raccourcissez ce que vous avez saisi, puis recommencez."),
    422: ("Saisie refusée", "Vérifiez ce que vous avez saisi, puis recommencez."),
    500: (
        "Erreur du logiciel",
        "Rien d’anormal de votre côté. Recommencez ; si cela se répète, prévenez l’assistance.",
    ),
    503: ("Service indisponible", "Rien n’a été enregistré : réessayez dans un instant."),
}
STALE_PAGE = "La page est restée ouverte trop longtemps : rechargez-la, puis recommencez."


def init_app(app: Flask) -> None:
    """Answer every refusal and failure with a page."""
    app.register_error_handler(BookingError, refused)
    app.register_error_handler(HTTPException, failed)
    app.register_error_handler(CSRFError, stale_page)
    app.register_error_handler(exc.TimeoutError, out_of_reach)
    app.register_error_handler(exc.DBAPIError, database_failed)


def refused(refusal: BookingError) -> Response:
    """A refusal that no page of its own explains."""
    code = status(refusal)
    return page(code, sentence(refusal))


def failed(failure: HTTPException) -> HTTPException | Response:
    """An HTTP error; redirections are left alone."""
    code = failure.code or 500
    if code < 400:
        return failure
    if isinstance(failure, SecurityError):
        # No address can be made for a host that is not ours, so no page either.
        return Response("Hôte inconnu : utilisez l’adresse habituelle du site.\n", code, mimetype="text/plain")
    answer = page(code if code in PAGES else 400 if code < 500 else 500)
    answer.status_code = code
    for name, value in failure.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


def stale_page(_failure: CSRFError) -> Response:
    """A form without its token: most often a page left open since yesterday."""
    return page(400, STALE_PAGE)


def database_failed(failure: exc.DBAPIError) -> Response:
    """A database out of reach is a 503; any other failure of it is a bug."""
    if not is_unavailable(failure):
        raise failure
    return out_of_reach(failure)


def out_of_reach(_failure: Exception) -> Response:
    """The database did not answer a read."""
    db.session.remove()
    return page(503, sentence(DatabaseUnavailable()))


def page(code: int, text: str | None = None) -> Response:
    """The page of an error: its title, and the sentence or the usual one."""
    if request.blueprint == "feed":
        return Response(status=code)  # a calendar client empties its calendar when it is given a page
    title, usual = PAGES[code]
    facts = {"code": code, "title": title, "sentence": text or usual, "path": request.path}
    answer = make_response(render_template("errors/error.html", **facts, again=_sent_again(code)), code)
    if code == 503:
        answer.headers["Retry-After"] = RETRY_SECONDS
    return answer


def _sent_again(code: int) -> list[tuple[str, str]]:
    """The values of a form that the database could not take, to be sent again: its key makes it act once."""
    return list(request.form.items(multi=True)) if code == 503 and KEY in request.form else []
