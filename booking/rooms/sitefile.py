"""A site as a data file: TOML text in, checked values out, or every problem at once with its line. Pure."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from booking.errors import BookingError, Invalid
from booking.people import fields
from booking.rooms import checks
from booking.rooms.checks import Check
from booking.rooms.tomllines import Lines

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SENTENCES = {
    "syntax": "ce n’est pas du TOML ; vérifiez les guillemets, les crochets et les clés en double.",
    "unknown_key": "ce nom n’est pas prévu ; corrigez-le ou retirez-le. Attendu : {allowed}.",
    "not_a_table": "attendu une table [{expected}], remplie.",
    "not_tables": "attendu des tables [[{expected}]].",
    "required": "il manque une valeur.",
    "unsupported": "attendu un texte entre guillemets.",
    "too_long": "trop long : {maximum} caractères au plus.",
    "control_characters": "ce texte contient des caractères invisibles ; retapez-le.",
    "nir": "un numéro de 15 chiffres n’a pas sa place ici.",
    "bad_code": "attendu des lettres sans accent, des chiffres et des tirets, par exemple « pmi » ou « B1 ».",
    "duplicate": "ce code est déjà celui de la ligne {line}.",
    "unknown": "valeur inconnue. Attendu : {allowed}.",
    "not_a_list": 'attendu une liste de textes, par exemple ["{example}"].',
    "not_a_number": "attendu un nombre entier, sans guillemets.",
    "out_of_range": "attendu un nombre entre {minimum} et {maximum}.",
    "not_a_flag": "attendu true ou false, sans guillemets.",
    "not_hours": "attendu des heures comme « 08:30-17:30 ».",
    "end_before_start": "la fermeture doit venir après l’ouverture.",
    "not_on_grid": "les heures doivent être des multiples de 5 minutes.",
    "unknown_zone": "ce fuseau horaire n’existe pas ; par exemple « Europe/Paris ».",
    "zone_with_summer_time": "parmi les fuseaux qui changent d’heure, seul « Europe/Paris » est accepté.",
    "not_a_mail": "attendu une adresse comme accueil@exemple.fr.",
    "two_addresses": "une seule adresse électronique.",
    "not_a_phone": "attendu un numéro de téléphone comme 01 99 00 12 34.",
    "fixed": "cette valeur ne peut plus changer ; donnez un autre code.",
}

_SYNTAX_LINE = re.compile(r"\(at line (\d+)")


@dataclass(frozen=True)
class SiteFileProblem:
    """What is wrong with a file: `line` from 1, `field` as « room.capacity », `rule` a key of SENTENCES."""

    line: int
    field: str
    rule: str
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return f"ligne {self.line}, {self.field} : {SENTENCES[self.rule].format(**self.facts)}"


@dataclass(eq=False)
class SiteFileInvalid(BookingError):
    """A site file cannot be loaded; nothing of it was. `str()` says each problem in French, one a line."""

    problems: tuple[SiteFileProblem, ...]

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


@dataclass(frozen=True)
class Vocabulary:
    """The codes that a file may use; the models own them."""

    kinds: Collection[str]
    features: Collection[str]
    confidentialities: Collection[str]


@dataclass(frozen=True)
class SiteEntry:
    """The [site] table: the building and what messages say of it."""

    code: str
    name: str
    public_name: str
    address: str
    directions: str
    phone: str
    email: str
    zone: str
    closed_on_public_holidays: bool


@dataclass(frozen=True)
class ServiceEntry:
    """A [[service]] table."""

    code: str
    name: str
    confidentiality: str


@dataclass(frozen=True)
class ProfessionEntry:
    """A [[profession]] table. `interprets`: its people take part in what every service does."""

    code: str
    name: str
    interprets: bool


@dataclass(frozen=True)
class RoomEntry:
    """A [[room]] table. `reserved_for` is the code of a service."""

    code: str
    name: str
    kind: str
    floor: int
    capacity: int
    features: frozenset[str]
    reserved_for: str | None


@dataclass(frozen=True)
class SiteFile:
    """A file without problems. `hours` are (opens, closes) in minutes after midnight, by ISO weekday."""

    site: SiteEntry
    hours: Mapping[int, tuple[int, int]]
    services: tuple[ServiceEntry, ...]
    professions: tuple[ProfessionEntry, ...]
    rooms: tuple[RoomEntry, ...]
    lines: Lines = dataclasses.field(compare=False)


def parse(text: str, vocabulary: Vocabulary) -> SiteFile:
    """Read a site file. Raises SiteFileInvalid with all of its problems, in the order of their lines."""
    reader = _Reader(_document(text), Lines.read(text))
    services = reader.many("service", _service(vocabulary))
    codes = [entry["code"] for entry in services if entry["code"]]
    rooms = reader.many("room", _room(vocabulary, codes))
    professions = reader.many("profession", _PROFESSION)
    site = reader.single("site", _SITE)
    hours = reader.single("hours", dict.fromkeys(DAYS, checks.hours))
    reader.refuse_other_tables(("site", "hours", "service", "profession", "room"))
    reader.conclude()
    return SiteFile(
        site=SiteEntry(**site),
        hours={number: hours[day] for number, day in enumerate(DAYS, 1) if hours[day]},
        services=tuple(ServiceEntry(**entry) for entry in services),
        professions=tuple(ProfessionEntry(**entry) for entry in professions),
        rooms=tuple(RoomEntry(**entry) for entry in rooms),
        lines=reader.lines,
    )


def _document(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = _SYNTAX_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise SiteFileInvalid((SiteFileProblem(line, "fichier", "syntax"),)) from None


@dataclass
class _Reader:
    """Walks through a document and notes every problem instead of stopping at the first."""

    data: dict[str, Any]
    lines: Lines
    problems: list[SiteFileProblem] = dataclasses.field(default_factory=list)

    def refuse(self, rule: str, table: str, index: int = 0, key: str | None = None, **facts: Any) -> None:
        place = ".".join(name for name in (table, key) if name is not None)
        shown = place[:60] if place.isprintable() else ascii(place[:60])
        self.problems.append(SiteFileProblem(self.lines.of(table, index, key), shown, rule, facts))

    def single(self, table: str, rules: Mapping[str, Check]) -> dict[str, Any]:
        raw = self.data.get(table)
        if isinstance(raw, dict) and raw:
            return self._entry(table, 0, raw, rules)
        self.refuse("not_a_table", table, expected=table)
        return {}

    def many(self, table: str, rules: Mapping[str, Check]) -> list[dict[str, Any]]:
        raw = self.data.get(table, [])
        if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
            self.refuse("not_tables", table, expected=table)
            return []
        entries = [self._entry(table, index, item, rules) for index, item in enumerate(raw)]
        self._refuse_duplicates(table, entries)
        return entries

    def _entry(self, table: str, index: int, raw: dict[str, Any], rules: Mapping[str, Check]) -> dict[str, Any]:
        for key in raw.keys() - rules.keys():
            self.refuse("unknown_key", table, index, key, allowed=", ".join(rules))
        return {key: self._value(table, index, key, raw.get(key), check) for key, check in rules.items()}

    def _value(self, table: str, index: int, key: str, raw: Any, check: Check) -> Any:
        try:
            return check(key, raw)
        except Invalid as error:
            self.refuse(error.rule, table, index, key, **error.facts)
            return None

    def _refuse_duplicates(self, table: str, entries: list[dict[str, Any]]) -> None:
        first: dict[str, int] = {}
        for index, code in enumerate(entry["code"] for entry in entries):
            same = first.setdefault((code or "").casefold(), index)
            if code and same != index:
                self.refuse("duplicate", table, index, "code", line=self.lines.of(table, same, "code"))

    def refuse_other_tables(self, allowed: Collection[str]) -> None:
        for name in self.data.keys() - set(allowed):
            self.refuse("unknown_key", name, allowed=", ".join(allowed))

    def conclude(self) -> None:
        if self.problems:
            raise SiteFileInvalid(tuple(sorted(self.problems, key=lambda one: (one.line, one.field))))


_SITE: Mapping[str, Check] = {
    "code": checks.code(40),
    "name": checks.text(120),
    "public_name": checks.text(120),
    "address": checks.text(200),
    "directions": checks.optional_text(200),
    "phone": checks.contact(fields.phone),
    "email": checks.contact(fields.mail),
    "zone": checks.zone,
    "closed_on_public_holidays": checks.flag(missing=True),
}


_PROFESSION: Mapping[str, Check] = {
    "code": checks.code(40),
    "name": checks.text(80),
    "interprets": checks.flag(missing=False),
}


def _service(vocabulary: Vocabulary) -> Mapping[str, Check]:
    return {
        "code": checks.code(40),
        "name": checks.text(80),
        "confidentiality": checks.one_of(vocabulary.confidentialities),
    }


def _room(vocabulary: Vocabulary, services: Collection[str]) -> Mapping[str, Check]:
    return {
        "code": checks.code(20),
        "name": checks.text(80),
        "kind": checks.one_of(vocabulary.kinds),
        "floor": checks.integer(-9, 99),
        "capacity": checks.integer(1, 500),
        "features": checks.some_of(vocabulary.features),
        "reserved_for": checks.one_of(services, required=False),
    }
