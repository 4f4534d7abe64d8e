"""Real browsers, each person in one of their own."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.counter import Counter

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    # Ten pictures a second: two calls at once are much for the two cores of the tests.
    "--use-fake-device-for-media-stream=fps=10",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# What a page is to show takes its time on a busy machine: five seconds are too few for five people.
expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two browsers and a busy machine: a journey that fails is walked again, from nothing.

    The run names it (`RERUN`), and whoever sees one mends it: this is for a machine that stops for
    a breath, and not for a product that does.
    """
    for item in items:
        if item.get_closest_marker("journey"):
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture
def a_browser(playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """Another browser each time it is called: two people never share one."""
    opened: list[Browser] = []

    def start(*flags: str) -> Browser:
        opened.append(playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags]))
        return opened[-1]

    yield start
    for browser in opened:
        browser.close()


@pytest.fixture
def a_page(a_browser: Callable[..., Browser]) -> Callable[..., Page]:
    """A page of a browser of its own; what goes wrong in its scripts fails the test."""

    def open_page(width: int = 390, flags: tuple[str, ...] = (), **options: object) -> Page:
        height = 844 if width < 800 else 900
        context = a_browser(*flags).new_context(
            viewport={"width": width, "height": height}, **options
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"{page.url}: {error}"))
        return page

    return open_page


_typed: set[str] = set()  # codes are used once: an earlier one on the telephone is not ours


def message_on_the_phone(
    counter: Counter, page: Page, town: str, pattern: str, to: str = ""
) -> str:
    """Wait for a message with that pattern on the demonstration's telephone; its first group.

    `to`: digits of the number it was sent to, where several people wait for theirs.
    """
    for _ in range(60):
        page.goto(counter.at(town, "/demo/phone"))
        messages = page.locator("#messages li").all_inner_texts()
        own = [text for text in messages if to in re.sub(r"\s", "", text.split("·")[0])]
        for found in re.finditer(pattern, "\n".join(own)):
            if not found[1].isdecimal():
                return found[1]
            if found[1] not in _typed:
                _typed.add(found[1])
                return found[1]
        page.wait_for_timeout(250)
    raise AssertionError(f"no message with {pattern!r} arrived")
