"""The one door of these views, and what every one of them reads from an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from app.booking import queries
from app.booking.forms import needs_of, written_start
from app.core.errors import Missing
from app.core.i18n import asked_slug, localized
from app.schedule.models import Resource
from app.schedule.queries import Wish
from app.towns import queries as towns
from app.towns.models import Channel, Procedure, Town

bp = localized("booking", "app.booking")
bp.add_app_template_global(written_start)

# More than these, after the first, are more than one visit.
MOST_IN_ONE_VISIT = 3


@dataclass(frozen=True)
class Asked:
    """What an address asks for: a procedure, how, with which needs, and what else with it."""

    town: Town
    procedure: Procedure
    channel: str
    needs: list[str]
    also: list[Procedure]
    others: list[Procedure]  # what else could be done in the same visit; not always looked for
    booth: Resource | None = None  # the screen of ours from which they want to talk

    @property
    def link(self) -> dict[str, Any]:
        """The same, as it stands in an address."""
        return {
            "channel": self.channel,
            "needs": self.needs,
            "also": [one.slug for one in self.also],
            "booth": self.booth.code if self.booth else None,
        }

    def wish(self) -> Wish | None:
        if len(self.also) > MOST_IN_ONE_VISIT:
            return None
        return queries.wish_for(
            self.town,
            self.procedure,
            self.channel,
            asked_slug(),
            self.needs,
            also=self.also,
            booth_id=self.booth.id if self.booth else None,
        )


def asked(slug: str, *, with_others: bool = False) -> Asked:
    """A procedure, a channel or another procedure that we do not know does not exist."""
    town = towns.current_town_or_404()
    wanted = list(dict.fromkeys(request.args.getlist("also")))
    offered = towns.procedures() if with_others else towns.procedures_of({slug, *wanted})
    known = {one.slug: one for one in offered}
    if not known.keys() >= {slug, *wanted}:
        raise Missing
    procedure = known.pop(slug)
    channel = channel_asked(procedure.channels)
    return Asked(
        town=town,
        procedure=procedure,
        channel=channel,
        needs=needs_of(request.values.getlist("needs")),
        also=[known[one] for one in wanted if one in known],
        others=[one for one in known.values() if one.allows(channel)] if with_others else [],
        booth=_booth_asked(town, channel),
    )


def _booth_asked(town: Town, channel: str) -> Resource | None:
    """One that is not there, or out of service, does not exist. Only by video one needs it."""
    code = request.args.get("booth")
    if not code or channel != Channel.VIDEO:
        return None
    found = next((one for one in queries.booths(town) if one.code == code), None)
    if found is None:
        raise Missing
    return found


def channel_asked(allowed: Sequence[str], usual: str | None = None) -> str:
    """The one asked for; else the usual one. One that is not allowed does not exist."""
    channel = request.values.get("channel") or usual or str(allowed[0])
    if channel not in allowed:
        raise Missing
    return str(channel)
