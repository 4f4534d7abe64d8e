"""Some screens a day in a language whose words are 40 % longer: nothing is cut, nothing overflows.

In four weeks it has been all of them; `make access-longer` looks at all of them at once.
"""

import pytest

from app.core import clock
from tests.journeys.access import longer
from tests.journeys.conftest import CHROMIUM, FLAGS

pytestmark = pytest.mark.journey

SHARES = 28


def test_longer_words_still_fit(tmp_path, playwright):
    day = clock.now().date().toordinal()
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    with longer.a_longer_house(tmp_path) as house:
        some = longer.screens(house)[day % SHARES :: SHARES]
        wrong = list(longer.look(house, browser, some))
    browser.close()

    assert some
    assert not wrong, "\n".join(wrong)
