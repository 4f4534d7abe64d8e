"""What a screen weighs when it comes for the first time, and whether it moves once it is there."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.screens import Screen

# All that comes for one screen while it is looked at, with headers: kilobytes and requests.
BUDGETS = {"citizen": (32, 12), "camera": (42, 18), "staff": (50, 26), "call": (75, 42)}

SHIFTS = """() => new Promise((answer) => {
    const watch = new PerformanceObserver(() => {})
    watch.observe({ type: 'layout-shift', buffered: true })
    requestAnimationFrame(() => requestAnimationFrame(() => answer(watch.takeRecords()
        .filter((one) => !one.hadRecentInput)
        .map((one) => [one.value, one.sources?.[0]?.node?.outerHTML?.slice(0, 90) ?? '']))))
})"""


@dataclass
class Scales:
    """What came over the wire since the last `empty`, in a browser that keeps nothing."""

    bytes_of: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    kinds: dict[str, str] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)

    def under(self, page: Page) -> "Scales":
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.responseReceived", self._answered)
        session.on("Network.dataReceived", self._arrived)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        return self

    def empty(self) -> None:
        for one in (self.bytes_of, self.kinds, self.hosts):
            one.clear()

    @property
    def requests(self) -> int:
        return len(self.kinds)

    def kilobytes(self, *kinds: str) -> float:
        return (
            sum(
                self.bytes_of[key] for key, kind in self.kinds.items() if not kinds or kind in kinds
            )
            / 1000
        )

    def _asked(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            self.kinds[event["requestId"]] = event.get("type", "Other")
            self.hosts[event["requestId"]] = urlsplit(event["request"]["url"]).netloc

    def _answered(self, event: dict[str, Any]) -> None:
        self.bytes_of[event["requestId"]] = event["response"]["encodedDataLength"]

    def _arrived(self, event: dict[str, Any]) -> None:
        self.bytes_of[event["requestId"]] += event["encodedDataLength"]

    def _finished(self, event: dict[str, Any]) -> None:
        self.bytes_of[event["requestId"]] = event["encodedDataLength"]


def heaviness(screen: Screen, page: Page, scales: Scales) -> list[str]:
    """What came beyond the budget of such a screen, or from somewhere else."""
    kilobytes, requests = BUDGETS[kind_of(screen, page)]
    wrong = []
    if scales.kilobytes() > kilobytes:
        wrong.append(f"weighs {scales.kilobytes():.1f} kB of {kilobytes}")
    if scales.requests > requests:
        wrong.append(f"asks {scales.requests} times of {requests}")
    if len(set(scales.hosts.values())) > 1:
        wrong.append(f"asks others: {sorted(set(scales.hosts.values()))}")
    if "Font" in scales.kinds.values():
        wrong.append("brings a font")
    return wrong


def restlessness(page: Page) -> list[str]:
    """What has moved by itself since the page came."""
    return [f"moves by {value:.3f}: {what}" for value, what in page.evaluate(SHIFTS)]


def kind_of(screen: Screen, page: Page) -> str:
    if page.locator("#call").count() or screen.path.startswith("/join/"):
        return "call"
    if page.locator('[data-module="papers"], [data-module="device-check"]').count():
        return "camera" if "<lang>" in screen.path else "staff"
    return "citizen" if screen.who is None or "<lang>" in screen.path else "staff"
