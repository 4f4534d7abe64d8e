"""One house for everything that looks at screens, and a browser that walks through it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright

from tests.counter import AS_MANY_AS_THEY_LIKE
from tests.journeys.access.house import House, open_house
from tests.journeys.access.walk import Walker
from tests.journeys.conftest import CHROMIUM, FLAGS


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("access"), **AS_MANY_AS_THEY_LIKE) as opened:
        yield opened


@pytest.fixture
def walker(house: House, playwright: Playwright) -> Iterator[Walker]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield Walker(house, browser)
    browser.close()
