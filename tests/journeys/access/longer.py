"""Every screen with texts 40 % longer than ours, at three widths: what does not fit is said.

    make access-longer

looks at all of them in some minutes.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Error, sync_playwright

from tests.counter import AS_MANY_AS_THEY_LIKE
from tests.journeys.access import checks
from tests.journeys.access.entrances import asked
from tests.journeys.access.house import House, open_house
from tests.journeys.access.walk import Walker, see_as
from tests.journeys.conftest import CHROMIUM, FLAGS
from tests.longer import LANGUAGE, OPENS, catalogues_in
from tests.screens import Screen

WIDTHS = (320, 390, 1280)


@contextmanager
def a_longer_house(folder: Path) -> Iterator[House]:
    words = catalogues_in(folder / "words")
    with open_house(folder, CATALOGUES=str(words), **AS_MANY_AS_THEY_LIKE) as house:
        house.speak(LANGUAGE)
        yield house


def screens(house: House) -> list[Screen]:
    return [*house.screens, *asked()]


def look(house: House, browser: Browser, some: Sequence[Screen]) -> Iterator[str]:
    walker = Walker(house, browser)
    for screen in some:
        page = walker.open(screen, LANGUAGE, WIDTHS[0], statuses=(200, 404))
        if page.locator("html[lang^=en]").count() and OPENS not in page.content():
            yield f"{screen.name} is not read in the longer language"
        for width in WIDTHS:
            see_as(page, width, "light")
            for fault in (*checks.shape(page), *page.evaluate(checks.OUT_OF_ITS_BOX)):
                yield f"{screen.name}, {width} px: {fault}"
    walker.close()


def main() -> int:
    with (
        TemporaryDirectory(prefix="ventanilla-longer-") as place,
        sync_playwright() as playwright,
        a_longer_house(Path(place)) as house,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        faults = 0
        for screen in screens(house):
            try:
                for fault in look(house, browser, [screen]):
                    faults += 1
                    print(fault, flush=True)
            except Error as why:
                faults += 1
                print(f"{screen.name}: not seen: {str(why).splitlines()[0]}", flush=True)
        print(f"{len(screens(house))} screens at {len(WIDTHS)} widths: {faults} faults.")
        browser.close()
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
