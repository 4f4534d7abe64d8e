"""`python3 -m ventanilla_kiosk [settings]`: the agent, or one errand of it for whoever installs."""

import logging
import signal
import sys

from ventanilla_kiosk import facts, settings
from ventanilla_kiosk.agent import Agent
from ventanilla_kiosk.house import House

FILE = "/etc/ventanilla-kiosk/kiosk.json"


def main(words: list[str]) -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    errand = words.pop(0) if words and words[0] in ("run", "test", "facts") else "run"
    own = settings.load(words[0] if words else FILE)
    house = House(own.town, settings.read_key(own), own.connect_to)
    if errand == "facts":
        logging.info("%s", facts.facts(own))
        return 0
    if errand == "test":
        logging.info("%s", facts.test(own, house))
        return 0
    agent = Agent(own)

    def stop(*_: object) -> None:
        agent.is_closing = True
        agent.wake.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    agent.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
