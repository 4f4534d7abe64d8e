"""Debian's Chromium with a camera that shows a test picture."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def browsers(count: int) -> Iterator[list[Browser]]:
    """As many browsers as people: two never share one."""
    with sync_playwright() as running:
        opened: list[Browser] = []
        try:
            for _ in range(count):
                opened.append(running.chromium.launch(executable_path=CHROMIUM, args=FLAGS))
            yield opened
        finally:
            for browser in opened:
                browser.close()


def somebody(browser: Browser, width: int = 390) -> BrowserContext:
    """A new profile, which lets every page use camera and microphone."""
    height = 844 if width < 800 else 900
    context = browser.new_context(viewport={"width": width, "height": height})
    context.grant_permissions(["camera", "microphone"])
    context.set_default_timeout(30_000)
    return context
