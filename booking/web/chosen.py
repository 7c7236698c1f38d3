"""What the address of a booking says: the slot, who takes part, what keeps it, and the weeks on which it returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from booking import clock, french
from booking.db import db
from booking.errors import Invalid
from booking.people import directory
from booking.people.models import Usager
from booking.reservations import reading, series
from booking.reservations.commands import Book, Waiver, Whom
from booking.reservations.series import BookSeries
from booking.reservations.store import check_uid
from booking.slots import configuration
from booking.slots.facts import ProfessionalFacts, SiteFacts, TypeFacts
from booking.web import wording
from booking.web.forms import moment, number, required

# What the address says of the rules that are set aside.
WAIVERS: dict[str, Waiver] = {"maintenant": "walk_in", "hors-plage": "hors_plage"}
# What of an address names the slot and all that goes with it; the rest is about the person.
WORDS = ("motif", "debut", "professionnel", "avec", "regle", "retenu", "famille", "fois", "toutes", "date")
# What of an address says what is looked for, besides the colleague.
SEARCHED = ("motif", "professionnel", "langue", "interprete", "du", "au", "usager")


@dataclass(frozen=True)
class Chosen:
    """The slot that the address names, who takes part beside its professional, and the rules that are set aside.

    `family` are those who come with whoever is still to be said. `hold` is the uid of what keeps the slot, perhaps no
    more. `starts` are those of a series; none for one appointment.
    """

    site: SiteFacts
    type: TypeFacts
    start: datetime
    professional: ProfessionalFacts
    colleagues: tuple[ProfessionalFacts, ...]
    waiver: Waiver | None
    family: tuple[Usager, ...]
    hold: str | None
    starts: tuple[datetime, ...]

    @property
    def aloud(self) -> str:
        """The sentence that reception reads to the usager; of a series, about the first."""
        when = french.moment(self.starts[0] if self.starts else self.start, self.site.zone)
        where = self.site.address if self.type.mode == "in_person" else wording.MODES[self.type.mode]
        who = french.listed([each.name for each in (self.professional, *self.colleagues)])
        return f"{when[0].upper()}{when[1:]}, avec {who}, {self.type.duration} minutes, {where}."

    @property
    def confidential(self) -> bool:
        """Whether nobody's name may be asked."""
        return self.type.confidential

    @property
    def collective(self) -> bool:
        """Whether it opens a session, which usagers join."""
        return self.type.capacity is not None

    def command(self, key: str, usager: Whom) -> Book:
        """What the engine is asked for, for that person and those who come with them."""
        return Book(
            key,
            self.type.id,
            self.start,
            self.professional.id,
            usager,
            family=tuple(each.id for each in self.family),
            colleague_ids=frozenset(each.id for each in self.colleagues),
            waived=frozenset({self.waiver} if self.waiver else ()),
            hold=self.hold,
        )

    def series(self, key: str, usager: Whom, starts: Sequence[datetime]) -> BookSeries:
        """The same for each of the starts."""
        return BookSeries(key, self.command("", usager), tuple(starts))

    def kept_until(self, session: Session, now: datetime) -> datetime | None:
        """Until when the slot is kept; None when nothing keeps it any more."""
        if self.hold is None:
            return None
        return reading.kept_until(session, self.hold, self.type.id, self.start, self.professional.id, now)


def chosen(session: Session) -> Chosen:
    """Read the address. Raises NotFound for what does not exist, Invalid and ImpossibleTime for the hour."""
    known = configuration.read(session)
    site = known.here()
    waiver = _waiver()
    kind = known.type_coded(request.args.get("motif", ""))
    leads = known.professional_coded(request.args.get("professionnel", ""))
    beside = [known.professional_coded(code) for code in dict.fromkeys(request.args.getlist("avec"))]
    start = clock.rounded_down(clock.now()) if waiver == "walk_in" else _start(site)
    return Chosen(
        site,
        kind,
        start,
        leads,
        tuple(each for each in beside if each is not leads),
        waiver,
        () if kind.confidential else _family(session),
        held_uid(),
        _starts(site, start),
    )


def incomplete() -> Response | None:
    """Back to looking for a slot, when the address names none."""
    start = () if request.args.get("regle") == "maintenant" else ("debut",)
    if all(request.args.get(name) for name in ("motif", "professionnel", *start)):
        return None
    return searching()


def searching() -> Response:
    """To the search for the same: what the address says of it."""
    known: dict[str, Any] = {name: request.args.get(name) for name in SEARCHED}
    return redirect(url_for("slots.search", avec=_colleague(), **known))


def address(**changed: Any) -> dict[str, Any]:
    """The whole address of the request, some of it changed; None leaves a word out, and so do those of url_for."""
    found: dict[str, Any] = {**request.args.to_dict(flat=False), **changed}
    return {name: value for name, value in found.items() if value and name != "endpoint" and not name.startswith("_")}


def slot_args() -> dict[str, Any]:
    """What of the address names the slot; the rest is about the person."""
    return {name: found for name in WORDS if (found := list(filter(None, request.args.getlist(name))))}


def held_uid() -> str | None:
    """The hold that the address names. Raises NotFound for what cannot be one."""
    uid = request.args.get("retenu")
    if uid:
        check_uid(uid, "hold")
    return uid or None


def asked_for(session: Session) -> Usager | None:
    """The person that the address names. Raises NotFound for a number that is nobody's."""
    given = request.args.get("usager")
    return directory.usager(session, request.args.get("usager", type=int)) if given else None


def _colleague() -> str | None:
    """The first who takes part beside the professional; of a slot, whoever interprets was found by the language."""
    known = configuration.read(db.session()).professionals.values()
    interpreters = {each.code for each in known if each.interprets and "debut" in request.args}
    return next((code for code in request.args.getlist("avec") if code not in interpreters), None)


def _start(site: SiteFacts) -> datetime:
    return required(moment(lambda: site.zone))("debut", request.args.get("debut", ""))


def _waiver() -> Waiver | None:
    text = request.args.get("regle", "")
    if text and text not in WAIVERS:
        raise Invalid("regle", "unknown")
    return WAIVERS.get(text)


def _family(session: Session) -> tuple[Usager, ...]:
    numbers = dict.fromkeys(request.args.getlist("famille", type=int))
    return tuple(directory.usager(session, number) for number in numbers)


def _starts(site: SiteFacts, start: datetime) -> tuple[datetime, ...]:
    days = set(request.args.getlist("date"))
    if not days:
        return ()
    count, every = (required(number)(name, request.args.get(name, "")) for name in ("fois", "toutes"))
    weeks = series.weekly(start, site.zone, count, every)
    kept = tuple(each for each in weeks if each.astimezone(site.zone).date().isoformat() in days)
    if len(kept) != len(days):
        raise Invalid("date", "unknown")
    return kept
