"""Which days are closed, and who says so: four layers, of which the nearest has the last word.

National and regional holidays come from the `holidays` package, which is corrected every year from
the official gazettes; the two local days, an office's own days and the days on which a town opens
all the same are rows that the town writes (`Closure`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

from app.towns.models import Layer

# In which language the calendar names a holiday; it knows these two of ours.
WRITTEN_IN = ("es", "ca")


@dataclass(frozen=True)
class ClosedDay:
    """A day on which an office is closed, and the nearest layer that says so."""

    day: date
    layer: Layer
    reason: str


@dataclass(frozen=True)
class Row:
    """A `Closure` without its table: `office_id` None stands for the whole town."""

    office_id: int | None
    day: date
    reason: str
    is_open: bool


def closed_days(
    region: str | None,
    rows: Iterable[Row],
    first: date,
    last: date,
    office_id: int | None = None,
    language: str = "es",
) -> Mapping[date, ClosedDay]:
    """The closed days from `first` to `last`, inclusive, of one office, or of the town without one.

    Without a `region` the town takes no calendar: only what it wrote counts.
    """
    found: dict[date, ClosedDay] = {}
    if region:
        spoken = language if language in WRITTEN_IN else WRITTEN_IN[0]
        for year in range(first.year, last.year + 1):
            for closed in official(region, year, spoken):
                if first <= closed.day <= last:
                    found[closed.day] = closed
    own = [row for row in rows if first <= row.day <= last]
    for layer, mine in ((Layer.LOCAL, None), (Layer.OFFICE, office_id)):
        if layer is Layer.OFFICE and office_id is None:
            continue
        for row in own:
            if row.office_id != mine:
                continue
            if row.is_open:
                found.pop(row.day, None)
            else:
                found[row.day] = ClosedDay(row.day, layer, row.reason)
    return dict(sorted(found.items()))


@lru_cache(maxsize=256)
def official(region: str, year: int, language: str) -> tuple[ClosedDay, ...]:
    """National and regional holidays of one year. Raises NotImplementedError for no region."""
    national = holidays.country_holidays("ES", years=year, language=language)
    here = holidays.country_holidays("ES", subdiv=region, years=year, language=language)
    return tuple(
        ClosedDay(day, Layer.NATIONAL if day in national else Layer.REGIONAL, str(name))
        for day, name in sorted(here.items())
    )


def regions() -> tuple[str, ...]:
    """The autonomous communities and cities whose holidays are known, by their ISO letters."""
    known = holidays.country_holidays("ES").subdivisions  # one province is among them
    return tuple(letters for letters in known if len(letters) == 2)


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
