"""Several professionals, several usagers, and what changes about them: as Amina does it at her screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from booking import messages, reservations
from booking.db import db
from booking.people.models import Usager
from booking.reservations import doctor
from booking.reservations.commands import Act, Book, Cancel, Join, Move
from booking.reservations.models import Appointment
from tests.builders import NOW, Cast, paris
from tests.web.browsing import Browser, Element, Page
from tests.web.pages import SLOT
from tests.web.test_appointment import events, page, send, steps, stored, told
from tests.web.test_booking import create, page_with_people

ACT = Act(now=NOW, origin="cli", tell=messages.file)
NEW = "/rendez-vous/nouveau"


def booked(command: Book) -> str:
    uid = reservations.book(command, ACT).uid
    db.session.remove()
    return uid


@pytest.fixture
def command(cast: Cast, now: time_machine.Coordinates) -> Book:
    """M. Diallo sees Mme Roux on Monday at 9h30."""
    return Book("key-first-one", cast.entretien, paris("2026-11-23 09:30"), cast.roux, cast.diallo)


@pytest.fixture
def uid(command: Book) -> str:
    """The same, booked."""
    return booked(command)


@pytest.fixture
def family(command: Book, cast: Cast) -> str:
    """With him comes Mme Koné."""
    return booked(replace(command, family=(cast.kone,)))


def done_with(page: Page) -> str:
    return page.tree.all(role="status")[0].text


def of_usager(shown: Page, action: str, key: int) -> Page:
    """The same page with only that person's form."""
    forms = [each for each in shown.tree.all("form") if each["action"].endswith(action)]
    (form,) = [each for each in forms if each.all("input", name="usager", value=str(key))]
    return Page(shown.status, shown.address, shown.headers, shown.source, Element("body", children=[form]))


def send_for(browser: Browser, uid: str, action: str, key: int, **typed: str) -> Page:
    shown = of_usager(page(browser, uid), action, key)
    return browser.send(shown, f"/rendez-vous/{uid}/{action}", **typed)


# ------------------------------------------------------------------ a family


def test_each_has_their_own_attendance(amina: Browser, family: str, cast: Cast, now: time_machine.Coordinates) -> None:
    now.move_to(paris("2026-11-23 09:30"))
    amina.sign_in_again(cast.amina)
    send_for(amina, family, "suivi", cast.diallo, attendance="arrived")
    shown = send_for(amina, family, "suivi", cast.kone, attendance="no_show")
    assert "DIALLO Amadou : arrivé" in shown.text
    assert "KONÉ Aminata : absent" in shown.text
    assert events(shown)[2].startswith("Suivi noté : KONÉ Aminata, absent")
    assert "Arrivé : DIALLO Amadou" not in steps(shown), "what is noted is not offered again"


def test_one_of_them_does_not_come(amina: Browser, family: str, cast: Cast) -> None:
    shown = send_for(amina, family, "retirer", cast.diallo, by="usager")
    assert done_with(shown) == "Personne retirée, courriel en cours d’envoi à a…@…"
    assert "DIALLO Amadou : annulé par l’usager" in shown.text
    assert events(shown)[1].startswith("Personne retirée : DIALLO Amadou, annulé par l’usager")
    assert shown.tree.one("h1").text == "KONÉ Aminata"
    assert "Retirer" not in shown.text, "the last one cancels instead"
    assert "DIALLO" not in amina.get("/?jour=2026-11-23").text
    assert told(shown)[-1].startswith("Avis d’annulation à DIALLO Amadou : ")


def test_nobody_is_taken_out_of_an_appointment_alone(amina: Browser, uid: str, cast: Cast) -> None:
    typed = {"key": "key-leaving", "version": "1", "usager": str(cast.diallo), "by": "service"}
    refused = amina.post(f"/rendez-vous/{uid}/retirer", typed)
    assert refused.status == 422
    assert "annulez plutôt le rendez-vous" in refused.text


def test_somebody_found_joins(amina: Browser, uid: str, cast: Cast) -> None:
    (link,) = [each for each in page(amina, uid).tree.all("a") if each.text == "Ajouter une personne"]
    form = amina.send(amina.get(link["href"]), f"/rendez-vous/{uid}/personnes", q="kon")
    shown = amina.send(page_with_people(form), f"/rendez-vous/{uid}/personnes")
    assert shown.tree.one("h1").text == "DIALLO Amadou, KONÉ Aminata"
    assert done_with(shown) == "Personne ajoutée. Aucun courriel : la personne ne veut pas qu’on lui écrive."
    assert events(shown)[1].startswith("Personne ajoutée : KONÉ Aminata")
    assert doctor.examine() == []


def test_somebody_new_joins(amina: Browser, uid: str, session: Session) -> None:
    form = amina.get(f"/rendez-vous/{uid}/personnes?q=Traoré")
    typed = {"first_name": "Awa", "email": "awa.traore@exemple.example"}
    first, again = create(amina, form, **typed), create(amina, form, **typed)
    assert "TRAORÉ Awa" in first.text
    assert done_with(first) == "Personne ajoutée, courriel en cours d’envoi à a…@…"
    assert again.address == first.address, "sent twice, it adds once"
    assert session.scalar(sa.select(sa.func.count(Usager.id)).where(Usager.last_name == "Traoré")) == 1


def test_somebody_who_may_be_known_already_is_shown_before_they_join(amina: Browser, uid: str) -> None:
    form = amina.get(f"/rendez-vous/{uid}/personnes?q=Martin")
    refused = create(amina, form, phone="06 39 98 12 34")
    assert refused.status == 422
    assert "Cette personne existe peut-être déjà" in refused.text


def test_who_takes_part_already_is_refused(amina: Browser, uid: str, cast: Cast) -> None:
    form = page_with_people(amina.get(f"/rendez-vous/{uid}/personnes?q=dia"))
    refused = amina.send(form, f"/rendez-vous/{uid}/personnes")
    assert (refused.status, refused.title.startswith("Erreur : ")) == (422, True)
    assert "participe déjà" in refused.text


def test_who_is_busy_is_refused(amina: Browser, uid: str, command: Book, cast: Cast) -> None:
    booked(replace(command, key="key-other", professional_id=cast.diop, usager=cast.kone))
    form = page_with_people(amina.get(f"/rendez-vous/{uid}/personnes?q=kon"))
    refused = amina.send(form, f"/rendez-vous/{uid}/personnes")
    assert refused.status == 409
    assert "a déjà un rendez-vous à ce moment-là" in refused.text


def test_nobody_joins_what_moved_meanwhile(amina: Browser, uid: str, session: Session) -> None:
    form = page_with_people(amina.get(f"/rendez-vous/{uid}/personnes?q=kon"))
    reservations.move(Move("key-other-clerk", uid, paris("2026-11-23 11:00")), ACT)
    refused = amina.send(form, f"/rendez-vous/{uid}/personnes")
    assert refused.status == 409
    assert "Depuis : déplacé en ligne de commande à 13h00." in refused.text
    assert len(stored(session, uid).participations) == 1


def test_a_confidential_service_adds_a_code(amina: Browser, cast: Cast) -> None:
    uid = booked(Book("key-confidential", cast.depistage, paris("2026-11-23 09:00"), cast.petit, None))
    form = amina.get(f"/rendez-vous/{uid}/personnes?q=dia")
    assert "DIALLO" not in form.text
    assert "Depistage" not in form.source
    shown = amina.send(form, f"/rendez-vous/{uid}/personnes")
    assert "Code à donner à la personne : " in done_with(shown)
    assert "Depistage" not in shown.source


# ------------------------------------------------------------------ professionals, type, duration


def test_all_who_take_part_are_said(amina: Browser, uid: str) -> None:
    shown = send(amina, uid, "professionnels", professionals=["roux", "diop"], reason="service_request")
    facts = {each.all("dt")[0].text: each.all("dd")[0].text for each in shown.tree.one("dl").all("div")}
    assert facts["Avec"] == "Mme Roux, M. Diop"
    assert done_with(shown) == "Rendez-vous modifié."
    assert events(shown)[1].startswith("Modifié : Mme Roux → Mme Roux, M. Diop (à la demande du service)")
    ticked = [each["value"] for each in shown.tree.all("input", name="professionals") if "checked" in each.attributes]
    assert sorted(ticked) == ["diop", "roux"]


def test_slots_are_proposed_when_all_of_them_can(amina: Browser, uid: str) -> None:
    shown = send(amina, uid, "professionnels", professionals=["roux", "diop"])
    proposed = [each["value"] for each in shown.tree.all("input", type="radio", name="start")]
    assert proposed[:2] == ["2026-11-23T08:00Z", "2026-11-23T09:00Z"]
    assert len(proposed) == len(set(proposed))
    assert not [start for start in proposed if start.startswith("2026-11-24")], "M. Diop receives on Mondays"
    assert "Rendez-vous déplacé" in done_with(send(amina, uid, "deplacer", start=proposed[1]))


def test_another_duration(amina: Browser, uid: str) -> None:
    shown = send(amina, uid, "motif", duration="45")
    assert "jusqu’à 10h15" in shown.text
    assert events(shown)[1].startswith("Modifié : 30 → 45 minutes")
    assert shown.tree.one("input", name="duration")["value"] == "45"


def test_a_duration_that_runs_into_something_else(amina: Browser, uid: str, command: Book, cast: Cast) -> None:
    booked(replace(command, key="key-next", start=paris("2026-11-23 10:00"), usager=cast.kone))
    refused = send(amina, uid, "motif", duration="45")
    assert refused.status == 409
    assert "Rien n’a été changé" in refused.text


def test_by_phone_instead(amina: Browser, uid: str) -> None:
    shown = send(amina, uid, "motif", type="appel", duration="30")
    assert "Entretien → Appel ; salle B1 → aucune" in events(shown)[1]
    assert done_with(shown) == "Rendez-vous déplacé, courriel en cours d’envoi à a…@…"
    assert "salle B1 → aucune" in events(shown)[1]


def test_the_types_of_a_confidential_service_are_not_listed(amina: Browser, cast: Cast) -> None:
    uid = booked(Book("key-confidential", cast.depistage, paris("2026-11-23 09:00"), cast.petit, None))
    assert not page(amina, uid).tree.all("select", name="type")


# ------------------------------------------------------------------ taking back, exchanging


def test_a_cancellation_is_taken_back(amina: Browser, uid: str, session: Session) -> None:
    reservations.cancel(Cancel("key-cancel", uid, "usager"), ACT)
    shown = send(amina, uid, "retablir", reason="mistake")
    assert done_with(shown) == "Rendez-vous rétabli, courriel en cours d’envoi à a…@…"
    assert stored(session, uid).cancelled_at is None
    assert events(shown)[2].startswith("Rétabli : lundi 23 novembre 2026 à 9h30 (erreur de saisie)")


def test_when_its_time_is_taken_others_are_proposed(amina: Browser, uid: str, command: Book, cast: Cast) -> None:
    reservations.cancel(Cancel("key-cancel", uid, "usager"), ACT)
    booked(replace(command, key="key-other", usager=cast.kone))
    refused = send(amina, uid, "retablir")
    assert refused.status == 409
    assert "Ce créneau vient d’être pris" in refused.text
    links = [each["href"] for each in refused.tree.all("a") if each["class"] == "slot"]
    assert links
    assert all(f"usager={cast.diallo}" in link for link in links)


def test_nothing_is_taken_back_once_its_hour_has_come(
    amina: Browser, uid: str, cast: Cast, now: time_machine.Coordinates
) -> None:
    reservations.cancel(Cancel("key-cancel", uid, "usager"), ACT)
    now.move_to(paris("2026-11-23 09:31"))
    amina.sign_in_again(cast.amina)
    assert "Rétablir" not in page(amina, uid).text


def test_two_of_one_day_are_exchanged(amina: Browser, uid: str, command: Book, cast: Cast, session: Session) -> None:
    ten = replace(command, key="key-ten", start=paris("2026-11-23 10:00"), professional_id=cast.diop, usager=cast.kone)
    other = booked(ten)
    consultation = Book("key-doctor", cast.consultation, paris("2026-11-23 11:00"), cast.lenoir, cast.kone)
    booked(consultation)
    (choice,) = page(amina, uid).tree.all("select", name="other")
    offered = {each["value"]: each.text for each in choice.all("option") if each["value"]}
    assert offered == {f"{other}.1": "10h00 · KONÉ Aminata avec M. Diop"}, "another service's is not among them"
    shown = send(amina, uid, "echanger", other=f"{other}.1")
    assert done_with(shown) == "Rendez-vous échangés, courriel en cours d’envoi à a…@…"
    assert [stored(session, one).starts_at for one in (uid, other)] == [ten.start, command.start]
    assert "(échange de créneaux)" in events(shown)[1]


def test_not_with_one_that_moved_meanwhile(
    amina: Browser, uid: str, command: Book, cast: Cast, session: Session
) -> None:
    ten = replace(command, key="key-ten", start=paris("2026-11-23 10:00"), professional_id=cast.diop, usager=cast.kone)
    other = booked(ten)
    shown = page(amina, uid)
    reservations.move(Move("key-other-clerk", other, paris("2026-11-23 11:00")), ACT)
    refused = amina.send(shown, f"/rendez-vous/{uid}/echanger", other=f"{other}.1")
    assert refused.status == 409
    assert "modifié entre-temps" in refused.text
    assert stored(session, uid).version == 1


# ------------------------------------------------------------------ what somebody else did meanwhile


def test_each_change_since_is_said(amina: Browser, uid: str, cast: Cast, now: time_machine.Coordinates) -> None:
    shown = page(amina, uid)
    now.shift(timedelta(minutes=4))
    by_amina = replace(ACT, now=NOW + timedelta(minutes=4), origin="web", agent_id=cast.amina)
    reservations.move(Move("key-one", uid, paris("2026-11-23 11:00")), by_amina)
    reservations.join(Join("key-two", uid, cast.kone), replace(ACT, now=NOW - timedelta(days=1)))
    refused = amina.send(shown, f"/rendez-vous/{uid}/annuler", by="usager")
    assert refused.status == 409
    expected = "déplacé par Amina à 13h04, personne ajoutée en ligne de commande le samedi 21 novembre 2026 à 13h00."
    assert f"Depuis : {expected}" in refused.text


# ------------------------------------------------------------------ booking with colleagues, now, hors plage


def apply(browser: Browser, shown: Page, **typed: str | list[str]) -> Page:
    """Send the form that says who else takes part and which rules are set aside."""
    (form,) = [each for each in shown.tree.all("form") if each.all("input", name="regle", type="radio")]
    only = Page(shown.status, shown.address, shown.headers, shown.source, Element("body", children=[form]))
    return browser.send(only, NEW, **typed)


def test_a_colleague_is_read_aloud_and_booked(amina: Browser, cast: Cast) -> None:
    shown = apply(amina, amina.get(f"{SLOT}&usager={cast.diallo}"), avec="diop")
    assert "avec Mme Roux et M. Diop, 30 minutes" in shown.tree.one("p", **{"class": "aloud"}).text
    done = amina.send(page_with_people(shown), NEW)
    facts = {each.all("dt")[0].text: each.all("dd")[0].text for each in done.tree.one("dl").all("div")}
    assert facts["Avec"] == "Mme Roux, M. Diop"


def test_when_a_colleague_cannot_the_others_keep_them(amina: Browser, cast: Cast) -> None:
    tuesday = f"{NEW}?motif=entretien&debut=2026-11-24T09:30&professionnel=roux&avec=diop&usager={cast.diallo}"
    refused = amina.send(page_with_people(amina.get(tuesday)), NEW)
    assert refused.status == 409
    others = [each["href"] for each in refused.tree.all("a") if each["class"] == "slot"]
    assert others
    assert all("avec=diop" in each for each in others)
    assert "Rendez-vous confirmé" in amina.send(page_with_people(amina.get(others[0])), NEW).text


def test_somebody_who_is_there_is_received_now(
    amina: Browser, cast: Cast, now: time_machine.Coordinates, session: Session
) -> None:
    now.move_to(paris("2026-11-23 09:13"))
    amina.sign_in_again(cast.amina)
    search = amina.get(f"/creneaux?motif=entretien&professionnel=roux&usager={cast.diallo}")
    (link,) = [each for each in search.tree.all("a") if each.text == "Reçu maintenant (sans rendez-vous)"]
    form = page_with_people(shown := amina.get(link["href"]))
    assert "Reçu maintenant, sans rendez-vous." in shown.text
    first = amina.send(form, NEW)
    now.shift(600)
    assert amina.send(form, NEW).address == first.address, "sent again later, it is still the same"
    assert events(first)[0].startswith("Réservé : lundi 23 novembre 2026 à 9h10 (reçu sans rendez-vous)")
    assert session.scalar(sa.select(sa.func.count(Appointment.id))) == 1


def test_when_the_professional_does_not_receive(amina: Browser, cast: Cast) -> None:
    search = amina.get(f"/creneaux?motif=entretien&professionnel=roux&usager={cast.diallo}")
    forms = [each for each in search.tree.all("form") if each.all("input", name="debut")]
    only = Page(200, search.address, search.headers, search.source, Element("body", children=list(forms)))
    shown = amina.send(only, NEW, debut="2026-11-23T12:30")
    assert "Hors plage. Mme Roux ne reçoit peut-être pas à cette heure" in shown.text
    done = amina.send(page_with_people(shown), NEW)
    assert events(done)[0].startswith("Réservé : lundi 23 novembre 2026 à 12h30 (hors plage)")


def test_both_are_explicit_choices_of_the_booking_page(amina: Browser, cast: Cast) -> None:
    shown = amina.get(f"{SLOT}&usager={cast.diallo}")
    assert "alert-warning" not in shown.source
    assert "alert-warning" in apply(amina, shown, regle="hors-plage").source
    back = apply(amina, apply(amina, shown, regle="hors-plage"), regle="")
    assert "alert-warning" not in back.source


@pytest.mark.parametrize(
    ("more", "status"), [("&regle=toujours", 422), ("&avec=inconnu", 404), ("&avec=%00", 404)], ids=lambda v: str(v)
)
def test_an_address_that_makes_no_sense(amina: Browser, more: str, status: int) -> None:
    assert amina.get(f"{SLOT}{more}").status == status


def test_several_are_told_each_their_way(amina: Browser, family: str) -> None:
    shown = send(amina, family, "annuler", by="service")
    assert done_with(shown) == (
        "Rendez-vous annulé. DIALLO Amadou : courriel en cours d’envoi à a…@… ; "
        "KONÉ Aminata : aucun courriel, la personne ne veut pas qu’on lui écrive"
    )
