"""What no schedule can beat: the share of a month that clerks could attend if visits were water.

Duty is cut into slices at every hour that somebody may name. Minutes flow from each request to the
slices, on the days and between the hours that suit it, of everybody who may attend it, and no slice
takes more minutes than it has. Whatever a schedule accepts flows so: the minutes of a visit lie
within one stretch of duty of somebody able, between hours that suit, so within such slices; and the
visits of a slice do not overlap. So of any set of requests no schedule accepts more minutes than
the flow lets in. What the flow may do and a schedule may not: begin at any instant, stop and go on
later, be with two clerks at once, be accepted in part; and it knows the whole month beforehand.

By number. Let F(k) be the most minutes that flow when only requests of up to the k-th length are
let in, and m(k) the minutes of the k-th length that a schedule accepts. Then
m(1) + … + m(k) ≤ F(k) for each k. With w(k) = 1 / length, which falls, the number accepted is

    Σ w(k) m(k) = Σ (w(k) - w(k+1)) (m(1) + … + m(k)) ≤ Σ (w(k) - w(k+1)) F(k)

with w after the last = 0, and the right side is Σ w(k) (F(k) - F(k-1)). So the lengths are let in
one after the other, the shortest first, and each minute that enters counts w. After the last
length the flow is the bound by minutes.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise

from schedule_flow import Flow
from schedule_province import HOURS, Clerk, Request, Window, instant, minutes_between

Able = frozenset[str]  # names of those who may attend, hours apart


@dataclass(frozen=True)
class Bound:
    """The most requests and the most minutes, each for itself."""

    number: int
    minutes: int


@dataclass(frozen=True)
class _Slice:
    """A part of a stretch of duty, and where the minutes that it takes come together."""

    begin: datetime
    end: datetime
    joint: int


def bound(
    wanted: Sequence[Request], staff: Sequence[Clerk], duty: Sequence[Window], is_pooled: bool
) -> Bound:
    net = _Net(staff, duty, is_pooled)
    number, minutes = 0.0, 0
    by_length = sorted(wanted, key=lambda request: request.minutes)
    for length, some in groupby(by_length, key=lambda request: request.minutes):
        more = net.let_in(list(some))
        number += more / length
        minutes += more
    return Bound(int(number + 1e-6), minutes)


class _Net:
    """Request → everybody able, day by day → the slices of their duty → the end."""

    def __init__(self, staff: Sequence[Clerk], duty: Sequence[Window], is_pooled: bool) -> None:
        self.staff, self.is_pooled = staff, is_pooled
        self.flow = Flow()
        self.source, self.sink = self.flow.joint(), self.flow.joint()
        self.able: dict[tuple[str, str, str, str], Able] = {}
        self.gathered: dict[tuple[object, ...], int | None] = {}
        self.stretches: defaultdict[date, list[tuple[Window, list[_Slice]]]] = defaultdict(list)
        for window in duty:
            self.stretches[window.day].append((window, [*self._sliced(window)]))

    def _sliced(self, window: Window) -> Iterator[_Slice]:
        edges = {instant(window.day, 60 * hour) for hours in HOURS for hour in hours}
        inside = sorted(edge for edge in edges if window.starts_at < edge < window.ends_at)
        for begin, end in pairwise([window.starts_at, *inside, window.ends_at]):
            joint = self.flow.joint()
            self.flow.pipe(joint, self.sink, minutes_between(begin, end))
            yield _Slice(begin, end, joint)

    def let_in(self, some: list[Request]) -> int:
        """Those who ask for the same on the same days are one pipe. How much more flows."""
        together: defaultdict[tuple[int, ...], int] = defaultdict(int)
        for request in some:
            days = (request.first + timedelta(n) for n in range(_days_of(request)))
            ends = (self._gathered(self._able(request), request, day) for day in days)
            together[tuple(end for end in ends if end is not None)] += request.minutes
        for ends, minutes in together.items():
            joint = self.flow.joint()
            self.flow.pipe(self.source, joint, minutes)
            for end in ends:
                self.flow.pipe(joint, end, minutes)
        return self.flow.fill(self.source, self.sink)

    def _able(self, request: Request) -> Able:
        key = (request.place.slug, request.trade.slug, request.channel, request.language)
        if key not in self.able:
            self.able[key] = frozenset(
                clerk.name for clerk in self.staff if clerk.may_attend(request, self.is_pooled)
            )
        return self.able[key]

    def _gathered(self, able: Able, request: Request, day: date) -> int | None:
        """Where the minutes of that day meet before they reach the clerks; None if nobody is in."""
        key = (able, request.channel, request.minutes, request.hours, day)
        if key not in self.gathered:
            begin, end = (instant(day, 60 * hour) for hour in request.hours)
            found = [
                one
                for window, slices in self.stretches[day]
                if window.clerk.name in able
                and request.channel in window.channels
                and request.minutes
                <= minutes_between(max(begin, window.starts_at), min(end, window.ends_at))
                for one in slices
                if begin <= one.begin and one.end <= end
            ]
            joint = self.flow.joint() if found else None
            for one in found:
                self.flow.pipe(joint, one.joint, minutes_between(one.begin, one.end))
            self.gathered[key] = joint
        return self.gathered[key]


def _days_of(request: Request) -> int:
    return (request.last - request.first).days + 1
