"""Going through the screens: each opened once, then looked at as everybody sees it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page

from app.accounts.models import Role
from tests.journeys.access import checks
from tests.journeys.access.house import House
from tests.journeys.access.weight import Scales, heaviness, restlessness
from tests.screens import Screen

HEIGHT = 900


@dataclass
class Walker:
    """A browser with one page for each role that looks."""

    house: House
    browser: Browser
    moved: list[str] = field(default_factory=list)  # what moved by itself on the page opened last
    _pages: dict[Role | None, Page] = field(default_factory=dict)
    _scales: dict[Page, Scales] = field(default_factory=dict)

    def page_for(self, who: Role | None) -> Page:
        if who not in self._pages:
            context = self.browser.new_context(bypass_csp=True)
            context.set_default_timeout(20_000)
            if who is not None:
                cookie = self.house.things.cookies[who]
                context.add_cookies(
                    [{"name": cookie.name, "value": cookie.value, "url": self.house.at("/")}]
                )
            page = self._pages[who] = context.new_page()
            self._scales[page] = Scales().under(page)
        return self._pages[who]

    def load(self, page: Page) -> tuple[float, int]:
        """Kilobytes and requests of the page opened last."""
        scales = self._scales.get(page)
        return (round(scales.kilobytes(), 1), scales.requests) if scales else (0, 0)

    def weighed(self, screen: Screen, page: Page) -> list[str]:
        """What is too heavy, or did not stay where it was, of the page opened last."""
        return [*heaviness(screen, page, self._scales[page]), *self.moved]

    def open(
        self,
        screen: Screen,
        lang: str,
        width: int,
        mode: str = "light",
        statuses: Sequence[int] = (200,),
    ) -> Page:
        page = self.page_for(screen.who)
        see_as(page, width, mode)
        self._scales[page].empty()
        answer = page.goto(self.house.at(screen.in_language(lang)))
        assert answer
        assert answer.status in statuses, f"{screen.path} answered {answer.status}"
        self.moved = restlessness(page)
        page.evaluate(checks.UNFOLD)
        return page

    def fresh(self, width: int, mode: str = "light") -> Page:
        """Somebody who has never been here."""
        page = self.browser.new_context(bypass_csp=True).new_page()
        page.set_default_timeout(20_000)
        see_as(page, width, mode)
        return page

    def close(self) -> None:
        for page in self._pages.values():
            page.context.close()
        self._pages.clear()
        self._scales.clear()


def see_as(page: Page, width: int, mode: str) -> None:
    """Once every colour has become what it is to be: halfway, none has its contrast."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.emulate_media(**checks.MODES[mode])  # type: ignore[arg-type]
    page.evaluate(checks.SETTLE)


def everything(page: Page) -> list[str]:
    """All that can be wrong with a page as it is seen now.

    The narrowest width is a page enlarged four times already: letters are not doubled again.
    """
    is_wide = (page.viewport_size or {"width": 0})["width"] > min(checks.WIDTHS)
    return [
        *checks.faults(page),
        *checks.second_opinion(page),
        *at_a_glance(page),
        *checks.order(page),
        *checks.with_style(page, checks.SPACED, checks.shape),
        *(checks.with_style(page, checks.LARGER, checks.shape) if is_wide else ()),
    ]


def quickly(page: Page) -> list[str]:
    """What is asked of every screen in every run."""
    return [*checks.faults(page), *at_a_glance(page), *checks.order(page)]


def at_a_glance(page: Page) -> list[str]:
    """What changes with the width and the colours, and costs little to look at."""
    return [*checks.shape(page), *checks.targets(page)]


def dialogs(page: Page) -> Iterator[str]:
    """The name of each dialogue, while it is open."""
    for name in page.evaluate(
        "() => [...document.querySelectorAll('dialog[id]')].map((one) => one.id)"
    ):
        page.evaluate("(id) => document.getElementById(id).showModal()", name)
        yield name
        page.evaluate("(id) => document.getElementById(id).close()", name)
