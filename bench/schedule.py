"""The schedule: how full it gets, how true its waits are, how fast it is. `make bench-schedule`."""

import os
import time

import schedule_month
import schedule_speed
import schedule_waits
from figures import machine, options, show
from run import attempt


def main() -> None:
    wanted = options(__doc__)
    begun = time.perf_counter()
    found = attempt("month", lambda: schedule_month.measure(wanted))
    found += attempt("waits", lambda: schedule_waits.measure(wanted))
    found += attempt("speed", lambda: schedule_speed.measure(wanted))
    show(found, wanted)
    lasted, load = time.perf_counter() - begun, os.getloadavg()[0]
    print(f"\n{lasted:.0f} s on {machine()['cores']} cores, load {load:.1f} at the end.")


if __name__ == "__main__":
    main()
