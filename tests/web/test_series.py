"""Repeating week after week: the dates first, then one booking; later one, some or all of them change."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from booking import messages, reservations
from booking.db import db
from booking.reservations import doctor, series
from booking.reservations.commands import Act, Book
from booking.reservations.models import Appointment
from booking.reservations.series import BookSeries
from tests.builders import NOW, PARIS, Cast, absence, paris, store
from tests.web.browsing import Browser, Element, Page
from tests.web.pages import SLOT
from tests.web.test_appointment import page, send
from tests.web.test_booking import NEW, appointments, page_with_people
from tests.web.test_holding import MONDAY, choose, kept, slots
from tests.web.test_structure import check_fields, check_frame, check_headings, check_ids
from tests.web.test_together import done_with

SERIES = f"{NEW}/serie"
ACT = Act(now=NOW, origin="cli", tell=messages.file)
WEEKS = [paris(f"{day} 09:30") for day in ("2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14")]


def only(page: Page, form: Element) -> Page:
    """The same page with one form."""
    return Page(page.status, page.address, page.headers, page.source, Element("body", children=[form]))


def dates(page: Page) -> dict[str, str]:
    """The day of each box and what became of it: ticked, free, or why it cannot be given."""
    hints = {each["id"]: each.text for each in page.tree.all("p")}
    return {
        each["value"]: hints[each["aria-describedby"]]
        if "disabled" in each.attributes
        else "ticked"
        if "checked" in each.attributes
        else "free"
        for each in page.tree.all("input", name="date")
    }


def go_on(browser: Browser, preview: Page, *days: str) -> Page:
    """Tick those days and go on."""
    (form,) = [each for each in preview.tree.all("form") if each.all("input", name="date")]
    values = [(each["name"], each["value"]) for each in form.all("input") if each["type"] == "hidden"]
    values += [("date", day) for day in days] + [("suite", "oui")]
    return browser.get(f"{SERIES}?{'&'.join(f'{name}={value}' for name, value in values)}")


def starts(session: Session) -> list[str]:
    session.rollback()
    rows = session.scalars(sa.select(Appointment).order_by(Appointment.starts_at)).all()
    return [f"{each.starts_at.astimezone(PARIS):%m-%d %H:%M} {each.status}" for each in rows]


@pytest.fixture
def busy(cast: Cast) -> None:
    """Mme Roux has somebody on the second Monday, and is away on the third."""
    reservations.book(Book("key-busy", cast.entretien, WEEKS[1], cast.roux, cast.kone), ACT)
    store(absence(cast.roux, "2026-12-07 09:00", "2026-12-07 12:00"))
    db.session.remove()


@pytest.fixture
def weeks(cast: Cast, amina: Browser) -> list[str]:
    """M. Diallo sees Mme Roux on four Mondays at 9h30: the uids."""
    command = Book("", cast.entretien, WEEKS[0], cast.roux, cast.diallo)
    uids = [each.uid for each in series.book_series(BookSeries("key-series", command, tuple(WEEKS)), ACT)]
    db.session.remove()
    return uids


# ------------------------------------------------------------------ the dates


def test_each_date_says_why_it_cannot_be_given(amina: Browser, cast: Cast, busy: None) -> None:
    shown = amina.get(f"{SLOT}&usager={cast.diallo}")
    (form,) = [each for each in shown.tree.all("form") if each["action"] == SERIES]
    preview = amina.send(only(shown, form), SERIES, fois="4")
    assert dates(preview) == {
        "2026-11-23": "ticked",
        "2026-11-30": "Le professionnel a un autre rendez-vous à ce moment-là.",
        "2026-12-07": "Le professionnel est absent à ce moment-là.",
        "2026-12-14": "ticked",
    }
    assert "2 dates possibles sur 4" in preview.text
    for check in (check_frame, check_ids, check_fields, check_headings):
        check(preview)


def test_those_that_are_ticked_are_booked_together(amina: Browser, cast: Cast, busy: None, session: Session) -> None:
    preview = amina.get(f"{SERIES}{SLOT.partition(NEW)[2]}&usager={cast.diallo}&fois=5&toutes=1")
    shown = go_on(amina, preview, "2026-11-23", "2026-12-21")
    assert "2 rendez-vous à la même heure" in shown.text
    for check in (check_frame, check_ids, check_fields, check_headings):
        check(shown)
    form = page_with_people(shown)
    done, again = amina.send(form, NEW), amina.send(form, NEW)
    assert done_with(done) == "Rendez-vous de la série confirmés, courriel en cours d’envoi à a…@…"
    assert again.address == done.address, "sent twice, it books once"
    assert starts(session) == ["11-23 09:30 booked", "11-30 09:30 booked", "12-21 09:30 booked"]
    assert "1 sur 2" in done.text
    assert doctor.examine() == []


def test_every_two_weeks(amina: Browser) -> None:
    preview = amina.get(f"{SERIES}{SLOT.partition(NEW)[2]}&fois=3&toutes=2")
    assert list(dates(preview)) == ["2026-11-23", "2026-12-07", "2026-12-21"]


def test_what_was_ticked_stays_ticked(amina: Browser, cast: Cast) -> None:
    preview = amina.get(f"{SERIES}{SLOT.partition(NEW)[2]}&fois=3&toutes=1")
    shown = go_on(amina, preview, "2026-11-30")
    assert "Lundi 30 novembre 2026 à 9h30" in shown.tree.one("p", **{"class": "aloud"}).text
    (link,) = [each for each in shown.tree.all("a") if each.text == "Changer les dates"]
    assert dates(amina.get(link["href"])) == {"2026-11-23": "free", "2026-11-30": "ticked", "2026-12-07": "free"}


def test_the_slot_that_is_kept_is_one_of_them(amina: Browser, cast: Cast, session: Session) -> None:
    search = amina.get(f"{MONDAY}&professionnel=roux&usager={cast.diallo}")
    shown = choose(amina, search, slots(search)[1])
    (form,) = [each for each in shown.tree.all("form") if each["action"] == SERIES]
    preview = amina.send(only(shown, form), SERIES, fois="2")
    assert dates(preview) == {"2026-11-23": "ticked", "2026-11-30": "ticked"}
    last = go_on(amina, preview, "2026-11-23", "2026-11-30")
    assert "Rendez-vous de la série confirmés" in amina.send(page_with_people(last), NEW).text
    assert kept(session) == []


def test_what_somebody_takes_meanwhile_refuses_all(amina: Browser, cast: Cast, session: Session) -> None:
    preview = amina.get(f"{SERIES}{SLOT.partition(NEW)[2]}&usager={cast.diallo}&fois=2&toutes=1")
    shown = go_on(amina, preview, "2026-11-23", "2026-11-30")
    reservations.book(Book("key-meanwhile", cast.entretien, WEEKS[1], cast.roux, cast.kone), ACT)
    refused = amina.send(page_with_people(shown), NEW)
    assert (refused.status, refused.title.startswith("Erreur : ")) == (409, True)
    assert "Lundi 30 novembre 2026 à 9h30 : Ce créneau vient d’être pris" in refused.text
    assert "Choisir d’autres dates" in refused.text
    assert appointments(session) == 1


def test_nothing_is_possible(amina: Browser, cast: Cast) -> None:
    store(absence(cast.roux, "2026-11-23 00:00", "2026-12-31 00:00"))
    db.session.remove()
    preview = amina.get(f"{SERIES}{SLOT.partition(NEW)[2]}&fois=2&toutes=1")
    assert "Aucune de ces dates n’est possible" in preview.text
    assert "Continuer" not in preview.text


def test_for_nobody_in_particular_of_a_confidential_service(amina: Browser, cast: Cast, session: Session) -> None:
    slot = f"?motif=depistage&debut=2026-11-23T09:00&professionnel=petit&usager={cast.diallo}"
    shown = go_on(amina, amina.get(f"{SERIES}{slot}&fois=2&toutes=1"), "2026-11-23", "2026-11-30")
    assert "DIALLO" not in shown.text
    assert "Code à donner à la personne" in amina.send(shown, NEW).text
    assert appointments(session) == 2


REFUSED = [
    ("&fois=0&toutes=1", "fois", "Choisissez une valeur entre 1 et 53."),
    ("&fois=54&toutes=1", "fois", "Choisissez une valeur entre 1 et 53."),
    ("&fois=10000&toutes=1", "fois", "Choisissez une valeur entre 1 et 53."),
    ("&fois=3&toutes=0", "toutes", "Choisissez une valeur entre 1 et 53."),
    ("&fois=trois&toutes=1", "fois", "Indiquez un nombre entier."),
    ("&fois=&toutes=1", "fois", "Remplissez ce champ."),
]


@pytest.mark.parametrize(("query", "field", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_number_that_makes_no_sense(amina: Browser, query: str, field: str, words: str) -> None:
    refused = amina.get(f"{SERIES}{SLOT.partition(NEW)[2]}{query}")
    assert (refused.status, refused.title.startswith("Erreur : ")) == (422, True)
    assert words in refused.errors()[field]
    assert dates(refused) == {}


def test_no_date_at_all(amina: Browser) -> None:
    refused = go_on(amina, amina.get(f"{SERIES}{SLOT.partition(NEW)[2]}&fois=2&toutes=1"))
    assert refused.status == 422
    assert "Cochez au moins une date." in refused.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("&fois=2&toutes=1&date=2026-11-24", 422),
        ("&fois=2&toutes=1&date=demain", 422),
        ("&toutes=1&date=2026-11-23", 422),
        ("&fois=99999999999&toutes=1&date=2026-11-23", 422),
    ],
    ids=["none of the weeks", "no date", "no number", "a number too long"],
)
def test_dates_that_make_no_sense(amina: Browser, query: str, status: int) -> None:
    assert amina.get(f"{SLOT}{query}").status == status


def test_without_a_slot_one_looks_for_it(amina: Browser) -> None:
    assert amina.get(f"{SERIES}?motif=entretien").address.startswith("/creneaux")


# ------------------------------------------------------------------ once it is booked


def test_the_page_says_which_one_it_is_and_leads_to_the_others(amina: Browser, weeks: list[str]) -> None:
    shown = page(amina, weeks[1])
    facts = {each.all("dt")[0].text: each.all("dd")[0] for each in shown.tree.one("dl").all("div")}
    assert facts["Série"].text.startswith("2 sur 4")
    links = [each["href"] for each in facts["Série"].all("a")]
    assert links == [f"/rendez-vous/{uid}" for uid in weeks if uid != weeks[1]]
    for check in (check_frame, check_ids, check_fields, check_headings):
        check(shown)


def test_an_appointment_alone_asks_nothing_of_a_series(amina: Browser, cast: Cast) -> None:
    uid = reservations.book(Book("key-alone", cast.entretien, WEEKS[0], cast.roux, cast.diallo), ACT).uid
    db.session.remove()
    assert not page(amina, uid).tree.all("input", name="scope")


CANCELLED = [("one", 1), ("following", 3), ("all", 4)]


@pytest.mark.parametrize(("scope", "count"), CANCELLED, ids=[row[0] for row in CANCELLED])
def test_cancelling(amina: Browser, weeks: list[str], session: Session, scope: str, count: int) -> None:
    shown = send(amina, weeks[1], "annuler", by="usager", scope=scope)
    assert sum(each.endswith("cancelled") for each in starts(session)) == count
    expected = "Rendez-vous annulé, courriel" if scope == "one" else "Rendez-vous de la série annulés."
    assert done_with(shown).startswith(expected)


def test_moving_this_one_and_those_that_follow(amina: Browser, weeks: list[str], session: Session) -> None:
    shown = send(amina, weeks[1], "deplacer", start="2026-12-01T10:00", scope="following")
    assert done_with(shown) == "Rendez-vous de la série déplacés."
    assert starts(session) == [
        "11-23 09:30 booked",
        "12-01 10:00 booked",
        "12-08 10:00 booked",
        "12-15 10:00 booked",
    ]


def test_moving_only_this_one(amina: Browser, weeks: list[str], session: Session) -> None:
    assert "Rendez-vous déplacé" in done_with(send(amina, weeks[1], "deplacer", start="2026-12-01T10:00", scope="one"))
    assert [each[:5] for each in starts(session)] == ["11-23", "12-01", "12-07", "12-14"]


def test_a_move_of_all_that_one_of_them_cannot_follow(
    amina: Browser, weeks: list[str], session: Session, cast: Cast
) -> None:
    reservations.book(Book("key-busy", cast.entretien, paris("2026-12-08 10:00"), cast.roux, cast.kone), ACT)
    refused = send(amina, weeks[0], "deplacer", start="2026-11-24T10:00", scope="all")
    assert refused.status == 409
    assert "Rien n’a été changé" in refused.text
    assert "Mardi 8 décembre 2026 à 10h00 : Ce créneau vient d’être pris" in refused.text
    assert "11-24 10:00 booked" not in starts(session)


def test_a_whole_series_keeps_its_professionals(amina: Browser, weeks: list[str]) -> None:
    refused = send(amina, weeks[0], "deplacer", start="2026-11-23T10:00", scope="all", professional="diop")
    assert refused.status == 422
    assert "Laissez ce champ vide." in refused.errors()["professional"]


def test_a_scope_that_does_not_exist(amina: Browser, weeks: list[str], session: Session) -> None:
    assert send(amina, weeks[0], "annuler", by="usager", scope="some").status == 422
    assert not [each for each in starts(session) if each.endswith("cancelled")]


def test_nothing_of_it_changes_once_this_one_did(amina: Browser, weeks: list[str], session: Session) -> None:
    shown = page(amina, weeks[0])
    move = reservations.Move("key-other-clerk", weeks[0], paris("2026-11-23 11:00"))
    reservations.move(move, replace(ACT, now=NOW))
    refused = amina.send(shown, f"/rendez-vous/{weeks[0]}/annuler", by="usager", scope="all")
    assert refused.status == 409
    assert "Depuis : déplacé" in refused.text
