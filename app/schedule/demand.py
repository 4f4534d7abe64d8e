"""What an allocation needs of its resource, written so that the register can keep it.

`clerk|video|ca|12,15|`: a clerk on video who speaks Catalan and attends procedures 12 and 15;
with a number at the end, the clerk who is that resource and no other.
`desk|in_person|3`: a desk of office 3. `interpreter|video|lse`: somebody who signs LSE.
`booth|video|7`: the booth that is resource 7 and no other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from app.schedule.models import ResourceKind


@dataclass(frozen=True)
class Demand:
    """What is asked of one resource. What does not apply to its kind stays empty."""

    kind: ResourceKind
    channel: str
    language: str = ""
    procedures: frozenset[int] = frozenset()
    office_id: int = 0
    sign: str = ""
    resource_id: int = 0  # this one and no other

    @property
    def text(self) -> str:
        return _written(self)


def clerk_demand(
    channel: str, language: str, procedures: Iterable[int], clerk_id: int | None = None
) -> str:
    """What is asked of a clerk, as text."""
    wanted = frozenset(procedures)
    return Demand(ResourceKind.CLERK, channel, language, wanted, resource_id=clerk_id or 0).text


@lru_cache(maxsize=4096)
def demand_of(text: str) -> Demand:
    """Read what `Demand.text` wrote."""
    kind, channel, *rest = text.split("|")
    if kind == ResourceKind.CLERK:
        procedures = frozenset(map(int, rest[1].split(",")))
        asked = int(rest[2] or 0)
        return Demand(ResourceKind.CLERK, channel, rest[0], procedures, resource_id=asked)
    if kind == ResourceKind.DESK:
        return Demand(ResourceKind.DESK, channel, office_id=int(rest[0]))
    if kind == ResourceKind.INTERPRETER:
        return Demand(ResourceKind.INTERPRETER, channel, sign=rest[0])
    return Demand(ResourceKind.BOOTH, channel, resource_id=int(rest[0]))


def _written(demand: Demand) -> str:
    procedures = ",".join(map(str, sorted(demand.procedures)))
    what = {
        ResourceKind.CLERK: f"{demand.language}|{procedures}|{demand.resource_id or ''}",
        ResourceKind.DESK: str(demand.office_id),
        ResourceKind.INTERPRETER: demand.sign,
        ResourceKind.BOOTH: str(demand.resource_id),
    }[demand.kind]
    return f"{demand.kind.value}|{demand.channel}|{what}"
