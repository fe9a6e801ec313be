"""`python -m scripts.storm URL`: fire a storm of tickets at a running Smart-Support and prove that nothing was lost.

    $ python -m scripts.storm http://127.0.0.1:8000 --rate 20:100 --agents 4 --max-p99-ms 100 --max-drain-s 10
    storm      http://127.0.0.1:8000, steady, open, 20 to 100/s, poisson arrivals, 10 s, run storm-4f104ccf
    sends      asked 566 (56.6/s), accepted 566 (56.6/s), dropped 0, errors 0.00%, sending took 10.0 s
    answers    202: 566
    latency    p50 1.5  p95 9.2  p99 18.2  max 31.1 ms, from the intended start
                   0.4 ms ████ 17
                   0.6 ms ████████████████████████████ 114
                   1.0 ms ████████████████████████████████████████ 163
                   1.6 ms █████████████████████████████ 120
                   2.5 ms █████████████ 55
                   4.0 ms █████████████ 51
                   6.3 ms █████ 20
                  10.0 ms ████ 17
                  15.8 ms █ 5
                  25.1 ms █ 4
    to ready   from accepted: p50 22.4  p95 77.8  p99 90.1  max 96.9 ms (189 tickets followed by live updates)
               /stats, all it ever judged: p50 23.5  p95 80.5  p99 89.0 ms
    to agents  from accepted: p50 22.7  p95 77.8  p99 91.1  max 105 ms (566 tickets)
               from ready: 172 of 189 followed were gone before the update came; the others p50 1.0  p95 16.0  p99 16.0  max 16.0 ms
               4 agents resolved 566, 0 of them twice; resolve p50 1.3  p95 7.6  p99 13.2  max 54.5 ms
    drain      0.1 s after the last answer until nothing waited to be judged or answered
    books      566 acknowledged; looked up all: 566 found = resolved: 566
               /stats counted 566 more accepted; balanced
               lost 0
    client     3% of a core, p99 4.9 ms late, at worst 7.6 ms
    thresholds ok      lost 0, at most 0
               ok      not judged in time 0, at most 0
               ok      ids without an answer 0, at most 0
               ok      books out of balance 0, at most 0
               ok      resolved twice 0, at most 0
               ok      p99 18.176 ms, at most 100 ms
               ok      drain 0.101 s, at most 10 s

Here the default model judged on two busy cores. The profiles: `steady`, `spike`, `flood` (one outage in everybody's words), `mixed`
(languages and sizes) and `hostile` (half of it what no honest client sends; counted apart). `--html` makes a page with plots.

Latency counts from the moment a send was *meant* to start, so a house that stalls can't hide it. At the end every acknowledged
ticket is asked for by its id and compared with the house's own books. Exit code: 0 all thresholds hold, 1 one does not, 2 there
was no storm. The tickets stay where they were fired at: use a house for tests. Agents resolve only the storm's own tickets; others
they meet are held until the end and given back.
"""

import sys
from collections.abc import Sequence

from rich.console import Console

from scripts.storm_ceiling import ceiling
from scripts.storm_loop import run
from scripts.storm_page import page
from scripts.storm_plan import read
from scripts.storm_run import storm
from scripts.storm_target import CannotRun
from scripts.storm_words import lines

OK, THRESHOLD_MISSED, CANNOT_RUN = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        plan, target, options = read(arguments, __doc__ or "")
        ceiling_per_s = None
        if options.ceiling:
            measured = run(ceiling())
            print(measured.says)
            ceiling_per_s = measured.per_s
        if target is None:
            return OK
        console = Console(stderr=True)
        live = console.is_terminal and not options.quiet
        report = run(storm(plan, target, console, live=live, ceiling_per_s=ceiling_per_s))
        print("\n".join(lines(report)))
        if options.json:
            report.write(options.json)
        if options.html:
            options.html.write_text(page(report), encoding="utf-8")
    except (CannotRun, OSError) as error:
        print(f"storm: {error}", file=sys.stderr)
        return CANNOT_RUN
    except KeyboardInterrupt:
        print("storm: given up before the count; nothing is known of what was sent", file=sys.stderr)
        return CANNOT_RUN
    return OK if report.ok else THRESHOLD_MISSED


if __name__ == "__main__":
    sys.exit(main())
