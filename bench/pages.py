"""Bytes and requests of each page, as a browser that comes for the first time receives them."""

import argparse
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from browsers import browsers, somebody
from counter import Counter, opened
from figures import Figure, alone, progress
from playwright.sync_api import Page
from visitor import Visitor, a_waiting_room, free_starts

TOWN = "vilaclara"
PROCEDURE = "/ca/procedures/padron"
QUIET = 0.8  # seconds without a new request after which a page has arrived

BOOKING_KILOBYTES, BOOKING_REQUESTS = (30, 20), (5, 4)
FIRST_VIEW_KILOBYTES = (13, 6)
CALL_KILOBYTES = (60, 40)


@dataclass
class Wire:
    """What came over the wire for one page: bytes with headers, by kind and by address."""

    bytes_of: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    kinds: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def watch(self, page: Page) -> None:
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.responseReceived", self._answered)
        session.on("Network.dataReceived", self._arrived)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def forget(self) -> None:
        self.bytes_of.clear()
        self.kinds.clear()
        self.addresses.clear()

    @property
    def requests(self) -> int:
        return len(self.addresses)

    def kilobytes(self, *kinds: str) -> float:
        wanted = [key for key in self.addresses if not kinds or self.kinds.get(key) in kinds]
        return sum(self.bytes_of[key] for key in wanted) / 1000

    def origins(self) -> set[str]:
        return {urlsplit(address).netloc for address in self.addresses.values()}

    def by_kind(self) -> str:
        """`Document 5.2 + 3 Script 7.1`"""
        counts = {kind: list(self.kinds.values()).count(kind) for kind in self.kinds.values()}
        parts = [
            f"{f'{count} ' if count > 1 else ''}{kind} {self.kilobytes(kind):.1f}"
            for kind, count in counts.items()
        ]
        return " + ".join(parts)

    def _asked(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            self.addresses[event["requestId"]] = event["request"]["url"]
            self.kinds[event["requestId"]] = event.get("type", "Other")

    def _answered(self, event: dict[str, Any]) -> None:
        key, response = event["requestId"], event["response"]
        self.bytes_of[key] = response["encodedDataLength"]
        if response.get("fromDiskCache"):  # nothing came over the wire: it does not count
            self.addresses.pop(key, None)
            self.kinds.pop(key, None)

    def _arrived(self, event: dict[str, Any]) -> None:
        self.bytes_of[event["requestId"]] += event["encodedDataLength"]

    def _finished(self, event: dict[str, Any]) -> None:
        """The final count, headers included. A stream never gets here."""
        self.bytes_of[event["requestId"]] = event["encodedDataLength"]


def measure(wanted: argparse.Namespace) -> list[Figure]:
    with opened() as counter:
        return of_first_views(counter)


def of_first_views(counter: Counter) -> list[Figure]:
    found = []
    with browsers(1) as (browser,):
        for name, path in _booking_pages(counter).items():
            progress(f"pages: {name}")
            page = somebody(browser).new_page()
            wire = load(page, counter, path)
            found += _first_view(name, wire, BOOKING_KILOBYTES, BOOKING_REQUESTS)
            if name == "times":
                found.append(_another_day(page, wire))
            page.context.close()
        progress("pages: call")
        page = somebody(browser).new_page()
        wire = load(page, counter, a_waiting_room(Visitor(counter, TOWN)) + "/wait")
        found += _first_view("waiting and call", wire, CALL_KILOBYTES)
    return found


def _booking_pages(counter: Counter) -> dict[str, str]:
    visitor = Visitor(counter, TOWN)
    starts = free_starts(visitor, f"{PROCEDURE}/times?channel=video")
    return {
        "home": "/ca/",
        "procedure": PROCEDURE,
        "times": f"{PROCEDURE}/times?channel=video",
        "phone form": f"/ca/visits/new?procedure=padron&channel=video&starts={starts[-1]}",
    }


def load(page: Page, counter: Counter, path: str) -> Wire:
    wire = Wire()
    wire.watch(page)
    page.goto(counter.at(TOWN, path), wait_until="load")
    _until_quiet(page, wire)
    return wire


def _until_quiet(page: Page, wire: Wire) -> None:
    seen = -1
    while seen != wire.requests:
        seen = wire.requests
        page.wait_for_timeout(QUIET * 1000)


def _first_view(
    name: str,
    wire: Wire,
    kilobytes: tuple[float, float],
    requests: tuple[int, int] | tuple[()] = (),
) -> list[Figure]:
    first = wire.kilobytes("Document", "Stylesheet")
    fonts = list(wire.kinds.values()).count("Font")
    strangers = len(wire.origins()) - 1
    return [
        Figure(f"{name}, all bytes", wire.kilobytes(), "kB", *kilobytes, note=wire.by_kind()),
        Figure(f"{name}, requests", wire.requests, "", *requests),
        Figure(f"{name}, HTML and CSS", first, "kB", *FIRST_VIEW_KILOBYTES),
        Figure(f"{name}, other origins and fonts", strangers + fonts, "", 0, 0, "="),
    ]


def _another_day(page: Page, wire: Wire) -> Figure:
    """With everything already there, another day is one piece of the page."""
    wire.forget()
    days = page.locator("a.day")
    day = days.nth(1)
    wanted = day.get_attribute("id")
    day.click()
    page.locator(f"#{wanted}[aria-current]").wait_for()
    _until_quiet(page, wire)
    times = page.locator("a.slot").count()
    note = f"{wire.by_kind()} · {times} times on that day"
    return Figure("times, another day chosen", wire.kilobytes(), "kB", note=note)


if __name__ == "__main__":
    alone(measure, __doc__)
