"""A call whose people only meet through a relay: coturn, with the configuration that is shipped."""

import json

import pytest

from tests import relay as coturn
from tests.counter import close_counter, open_counter
from tests.journeys import test_the_call as direct
from tests.journeys.test_the_main_job import talks

pytestmark = pytest.mark.journey

if not coturn.is_installed():
    pytest.skip(
        "COTURN IS NOT INSTALLED: relays were NOT tried (apt-packages.txt)", allow_module_level=True
    )

SHORT = 0.25  # minutes that a word for the relay is good
WAYS = """
    async () => {
        const found = []
        for (const connection of window.connections) {
            if (connection.connectionState !== 'connected') continue
            const report = await connection.getStats()
            for (const stat of report.values()) {
                if (stat.type !== 'candidate-pair' || !stat.nominated) continue
                if (stat.state !== 'succeeded') continue
                const ends = [stat.localCandidateId, stat.remoteCandidateId]
                found.push(ends.map((id) => report.get(id)?.candidateType))
            }
        }
        return found
    }
"""
WORDS = """
    () => window.connections.filter(({ connectionState }) => connectionState === 'connected')
        .flatMap((connection) => connection.getConfiguration().iceServers)
        .map(({ username }) => Number(username.split(':')[0]))
"""


@pytest.fixture(scope="module")
def behind_a_relay(tmp_path_factory):
    with coturn.a_relay(tmp_path_factory.mktemp("relay")) as relay:
        counter, process = open_counter(
            tmp_path_factory.mktemp("counter"),
            TURN_SERVERS=json.dumps([{"urls": [relay.url], "secret": relay.secret}]),
            TURN_MINUTES=str(SHORT),
            ICE_POLICY="relay",
        )
        try:
            yield counter
        finally:
            assert close_counter(process) == 0


def frames(page):
    return page.evaluate(direct.RECEIVED)["frames"]


def test_two_talk_through_the_relay_and_longer_than_their_words_are_good(behind_a_relay, a_page):
    citizen, clerk = a_page(390, bypass_csp=True), a_page(1280, bypass_csp=True)
    direct.a_call(behind_a_relay, citizen, clerk, "sobreira")
    talks(citizen)
    talks(clerk)
    ways = citizen.evaluate(WAYS)
    assert ways
    assert {kind for way in ways for kind in way} == {"relay"}
    before = max(citizen.evaluate(WORDS))

    citizen.wait_for_timeout(2.4 * SHORT * 60_000)  # past the end of the second word as well

    for page in (citizen, clerk):
        assert min(page.evaluate(WORDS)) > before + SHORT * 60
        direct.state(page, "talking")
        seen = frames(page)
        page.wait_for_timeout(1_500)
        assert frames(page) > seen
    assert {kind for way in clerk.evaluate(WAYS) for kind in way} == {"relay"}
    direct.hang_up(clerk)
    direct.state(citizen, "over")
