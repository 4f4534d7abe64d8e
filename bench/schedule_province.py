"""An invented province of five towns: its clerks, their hours, and what its people ask for.

Plain numbers and words: the house knows nothing of this file, so that what it did with the month
can be checked against it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Madrid")
SEED = 2027
GRID_MINUTES = 5
# Four weeks without a holiday in any of the five towns, and without a change of the clock.
FIRST_DAY, LAST_DAY = date(2027, 2, 1), date(2027, 2, 26)
LOAD = 1.0  # minutes asked for, of the minutes of duty

EVERYWHERE = ("in_person", "phone", "video")
AT_A_DISTANCE = ("phone", "video")
CHANNEL_WEIGHTS = {"in_person": 35, "phone": 25, "video": 40}
SPANISH_SHARE = 0.55  # the rest prefers the other languages of the town
THAT_WEEK_SHARE = 0.6  # they want a day, two more or less; the rest the first time there is
LEADS = (3, 14)  # days before, when somebody wants a day
WITHIN = (5, 10, 14)  # days that the others can wait
# Between which hours somebody can come, and how many of a hundred say so.
HOURS = {(0, 24): 50, (0, 11): 20, (11, 24): 20, (10, 12): 10}


@dataclass(frozen=True)
class Trade:
    """A procedure: how long it takes, and how often it is asked for."""

    slug: str
    minutes: int
    weight: int
    channels: tuple[str, ...] = EVERYWHERE


TRADES = (
    Trade("volante", 10, 12),
    Trade("certificado", 15, 10),
    Trade("registro", 15, 9),
    Trade("padron", 20, 14),
    Trade("vehiculo", 20, 7),
    Trade("digital", 20, 6),
    Trade("tributos", 25, 11),
    Trade("ayudas", 30, 8),
    Trade("mayores", 30, 6),
    Trade("plusvalia", 35, 6),
    Trade("obras", 40, 5, ("in_person", "video")),
    Trade("licencia", 45, 6, ("in_person", "video")),
)
BY_SLUG = {trade.slug: trade for trade in TRADES}

SKILLS = (
    ("volante", "certificado", "registro", "padron", "vehiculo", "digital", "tributos"),
    tuple(trade.slug for trade in TRADES),
    ("tributos", "plusvalia", "obras", "licencia", "registro"),
    ("ayudas", "mayores", "padron", "volante", "digital", "certificado"),
)


@dataclass(frozen=True)
class Place:
    """A town. `size` is its share of the demand; every town has four clerks."""

    slug: str
    languages: tuple[str, ...]
    size: float


PLACES = (
    Place("vilaclara", ("ca", "es"), 1.2),
    Place("marjal", ("va", "es"), 1.1),
    Place("marinha", ("gl", "es"), 1.0),
    Place("etxalde", ("eu", "es"), 0.9),
    Place("valaran", ("oc", "ca", "es"), 0.8),
)
CLERKS_OF_A_TOWN = 4


@dataclass(frozen=True)
class Duty:
    """Hours of one day of the week, in minutes of the wall, and what is attended in them."""

    weekday: int
    starts: int
    ends: int
    channels: tuple[str, ...]


def _duties(days: str, hours: str, channels: tuple[str, ...] = EVERYWHERE) -> tuple[Duty, ...]:
    """`_duties("01234", "9:00-14:00")`"""
    starts, ends = (60 * int(at.split(":")[0]) + int(at.split(":")[1]) for at in hours.split("-"))
    return tuple(Duty(int(day), starts, ends, channels) for day in days)


PATTERNS = (
    _duties("01234", "9:00-12:00"),
    _duties("0123", "9:30-12:30"),
    _duties("024", "10:00-13:00"),
    _duties("04", "9:00-11:00", AT_A_DISTANCE) + _duties("13", "16:00-18:00", ("video",)),
    _duties("012", "8:30-10:30") + _duties("012", "11:00-12:30"),
)


@dataclass(frozen=True)
class Clerk:
    """Somebody at a counter."""

    name: str
    place: Place
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    duties: tuple[Duty, ...]

    def may_attend(self, request: "Request", is_pooled: bool) -> bool:
        """Hours apart. Who is of another town attends at a distance only."""
        is_near = self.place == request.place
        if not is_near and not (is_pooled and request.channel in AT_A_DISTANCE):
            return False
        return (
            request.trade.slug in self.skills
            and request.language in self.languages
            and any(request.channel in duty.channels for duty in self.duties)
        )

    @cached_property
    def shortest(self) -> int:
        return min(BY_SLUG[slug].minutes for slug in self.skills)


@dataclass(frozen=True)
class Request:
    """What one person asks for, when they ask, and the days and hours that suit them."""

    number: int
    place: Place
    trade: Trade
    channel: str
    language: str
    asked_at: datetime
    first: date
    last: date
    hours: tuple[int, int]  # of the wall; the whole visit lies between them

    @property
    def minutes(self) -> int:
        return self.trade.minutes

    def suits(self, starts_at: datetime, ends_at: datetime) -> bool:
        day = starts_at.astimezone(ZONE).date()
        begin, end = (instant(day, 60 * hour) for hour in self.hours)
        return self.first <= day <= self.last and begin <= starts_at and ends_at <= end


@dataclass(frozen=True)
class Window:
    """A clerk on duty on one day of the month, from one instant to another."""

    clerk: Clerk
    starts_at: datetime
    ends_at: datetime
    channels: tuple[str, ...]

    @property
    def day(self) -> date:
        return self.starts_at.astimezone(ZONE).date()

    @property
    def minutes(self) -> int:
        return minutes_between(self.starts_at, self.ends_at)


def clerks() -> list[Clerk]:
    """Each town's four know different things, and none has the hours of the next."""
    found = []
    for number, place in enumerate(PLACES):
        own = place.languages[:-1]
        for kind, skills in enumerate(SKILLS):
            speaks_all = kind != number % CLERKS_OF_A_TOWN
            found.append(
                Clerk(
                    name=f"{place.slug}-{kind + 1}",
                    place=place,
                    skills=skills,
                    languages=(*own, "es") if speaks_all else ("es",),
                    duties=PATTERNS[(kind + 2 * number) % len(PATTERNS)],
                )
            )
    return found


def days() -> Iterator[date]:
    """The working days of the month."""
    day = FIRST_DAY
    while day <= LAST_DAY:
        if day.weekday() < 5:
            yield day
        day += timedelta(days=1)


def windows(staff: list[Clerk]) -> list[Window]:
    """All hours of duty of the month, read off the clerks' own patterns."""
    return [
        Window(clerk, instant(day, duty.starts), instant(day, duty.ends), duty.channels)
        for day in days()
        for clerk in staff
        for duty in clerk.duties
        if duty.weekday == day.weekday()
    ]


def requests(staff: list[Clerk], load: float = LOAD, seed: int = SEED) -> list[Request]:
    """A month of wishes in the order in which they are asked: as many a day as chance brings."""
    chance = random.Random(seed)
    duty = sum(window.minutes for window in windows(staff))
    mean = sum(trade.minutes * trade.weight for trade in TRADES) / _weight(TRADES)
    a_day = load * duty / mean / len(list(days())) / len(PLACES)
    mean_size = sum(place.size for place in PLACES) / len(PLACES)
    found: list[Request] = []
    for place in PLACES:
        offered = _offered(staff, place)
        for day in days():
            for _ in range(by_chance(chance, a_day * place.size / mean_size)):
                found.append(_request(chance, place, offered, day))
    found.sort(key=lambda request: request.asked_at)
    return [replace(request, number=number) for number, request in enumerate(found)]


def by_chance(chance: random.Random, mean: float) -> int:
    """A number of Poisson's: how many of the gaps fit into the time."""
    count, until = 0, chance.expovariate(1.0)
    while until < mean:
        count += 1
        until += chance.expovariate(1.0)
    return count


def minutes_between(begin: datetime, end: datetime) -> int:
    return int((end - begin).total_seconds()) // 60


Offer = dict[tuple[str, str], list[str]]  # of a procedure on a channel, the languages


def _offered(staff: list[Clerk], place: Place) -> Offer:
    """What somebody of that town attends in some of their hours."""
    found: Offer = {}
    for clerk in staff:
        if clerk.place != place:
            continue
        for slug in clerk.skills:
            for channel in BY_SLUG[slug].channels:
                if any(channel in duty.channels for duty in clerk.duties):
                    spoken = found.setdefault((slug, channel), [])
                    spoken += [one for one in clerk.languages if one not in spoken]
    return found


def _request(chance: random.Random, place: Place, offered: Offer, day: date) -> Request:
    """Somebody for whom that day would do. They ask for what the town offers."""
    trade = chance.choices(TRADES, [trade.weight for trade in TRADES])[0]
    channels = [channel for channel in trade.channels if (trade.slug, channel) in offered]
    channel = chance.choices(channels, [CHANNEL_WEIGHTS[one] for one in channels])[0]
    spoken = offered[trade.slug, channel]
    own = [language for language in place.languages if language != "es" and language in spoken]
    language = chance.choice(own) if own and chance.random() > SPANISH_SHARE else "es"
    if chance.random() < THAT_WEEK_SHARE:
        lead = chance.randint(*LEADS)
        asked = day - timedelta(days=lead)
        first = max(day - timedelta(days=2), asked + timedelta(days=1), FIRST_DAY)
        last = day + timedelta(days=2)
    else:
        asked = day - timedelta(days=1)
        first, last = day, day + timedelta(days=chance.choice(WITHIN) - 1)
    asked_at = instant(asked, chance.randint(7 * 60, 22 * 60)) + timedelta(
        seconds=chance.randint(0, 59)
    )
    hours = chance.choices(list(HOURS), list(HOURS.values()))[0]
    last = min(last, LAST_DAY)
    return Request(0, place, trade, channel, language, asked_at, first, last, hours)


def instant(day: date, minute: int) -> datetime:
    """That minute of the day on the wall; the last one is midnight."""
    if minute == 24 * 60:
        day, minute = day + timedelta(days=1), 0
    return datetime.combine(day, time(minute // 60, minute % 60), ZONE).astimezone(UTC)


def _weight(trades: tuple[Trade, ...]) -> int:
    return sum(trade.weight for trade in trades)
