"""How the pieces of one absence know each other.

An absence is written around the visits that nobody else could take. Every piece carries the whole
of it in its claim, `block:<resource>:<begin>:<end>` in seconds since 1970, so that the time of such
a visit is not offered again when the visit leaves it.
"""

from datetime import UTC, datetime


def claim_of_absence(resource_id: int, starts_at: datetime, ends_at: datetime) -> str:
    return f"block:{resource_id}:{int(starts_at.timestamp())}:{int(ends_at.timestamp())}"


def whole_absence(claim: str) -> tuple[datetime, datetime] | None:
    """From when to when somebody is away, by the claim of any piece; None for another claim."""
    parts = claim.split(":")
    if len(parts) != 4 or parts[0] != "block":
        return None
    begin, end = (datetime.fromtimestamp(int(part), UTC) for part in parts[2:])
    return begin, end
