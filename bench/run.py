"""Every figure, one after the other, in one table. `make bench` calls this."""

import os
import time
from collections.abc import Callable

import acts
import calls
import codes
import opening
import pages
import sealing
import sessions
import speed
import storm
import waiting
from counter import opened
from figures import Figure, machine, options, progress, show


def main() -> None:
    wanted = options(__doc__)
    begun = time.perf_counter()
    found = attempt("opening", lambda: opening.measure(wanted))
    with opened() as counter:
        found += attempt("pages", lambda: pages.of_first_views(counter))
        found += attempt("speed", lambda: speed.of_pages(counter))
        found += attempt("calls", lambda: calls.of_calls(counter, wanted.calls))
        found += attempt("storm", lambda: storm.of_one_time(counter))
        found += attempt("bookings", lambda: storm.of_many_times(counter))
    found += attempt("codes", lambda: codes.measure(wanted))
    found += attempt("acts", lambda: acts.measure(wanted))
    found += attempt("sealing", lambda: sealing.measure(wanted))
    found += attempt("sessions", lambda: sessions.measure(wanted))
    found += attempt("waiting", lambda: waiting.measure(wanted))
    show(found, wanted)
    lasted, load = time.perf_counter() - begun, os.getloadavg()[0]
    print(f"\n{lasted:.0f} s on {machine()['cores']} cores, load {load:.1f} at the end.")


def attempt(name: str, measure: Callable[[], list[Figure]]) -> list[Figure]:
    """One measurement that breaks does not take the others with it."""
    try:
        return measure()
    except Exception as error:
        progress(f"{name}: {error!r}")
        return [Figure(name, None, samples=0, note=str(error).splitlines()[0][:90])]


if __name__ == "__main__":
    main()
