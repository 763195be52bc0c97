"""What runs with subscribers have shown, as Markdown."""

from collections.abc import Sequence

from benchmarks.live.kills import Outcome
from benchmarks.live.load import Measured
from benchmarks.live.transcripts import MeasuredTranscripts


def load_table(measured: Sequence[Measured]) -> str:
    """Of runs with many subscribers."""
    (load, *_) = (each.load for each in measured)
    rows = [
        ["", *(each.transport for each in measured)],
        ["---", *("---:" for _ in measured)],
        [
            f"KiB for each of {load.idle:,} idle subscribers",
            *(f"{each.idle_kib:.1f}" for each in measured),
        ],
        ["seconds of CPU in a second for them", *(f"{each.idle_cpu:.3f}" for each in measured)],
        [
            f"KiB for each of {load.busy:,} busy subscribers",
            *(f"{each.busy_kib:.1f}" for each in measured),
        ],
        [
            "statements for an event that one is told of, its write included",
            *(f"{each.statements_of_one:.2f}" for each in measured),
        ],
        [
            f"the same for {load.busy:,}",
            *(f"{each.statements:.2f}" for each in measured),
        ],
        [
            "ms of CPU for an event that one is told of",
            *(f"{each.event_cpu_of_one_ms:.1f}" for each in measured),
        ],
        [f"the same for {load.busy:,}", *(f"{each.event_cpu_ms:.1f}" for each in measured)],
        ["ms of CPU of their clients", *(f"{each.client_cpu_ms:.1f}" for each in measured)],
        *(
            [
                f"ms from the write to the client, p{percent}",
                *(f"{each.delay_ms(percent):.0f}" for each in measured),
            ]
            for percent in (50, 99)
        ),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def transcripts_table(measured: MeasuredTranscripts) -> str:
    """Of a run with live transcripts."""
    closings = [
        (f"closed at SIGTERM by {_words(closing)}", str(number))
        for closing, number in measured.closings.items()
    ]
    rows: Sequence[tuple[str, str]] = [
        ("", "live transcripts"),
        ("---", "---:"),
        (f"KiB for each of {measured.listeners:,}", f"{measured.kib:.1f}"),
        (
            "statements for a segment that one is told of, its write included",
            f"{measured.statements_of_one:.2f}",
        ),
        (f"the same for {measured.listeners:,}", f"{measured.statements:.2f}"),
        *closings,
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def markdown(database: str, outcome: Outcome) -> str:
    """Of a run with kills."""
    kills = ", ".join(f"{name} {number} times" for name, number in outcome.kills.items())
    lines = [
        f"**{database}**: killed were {kills or 'nobody'}.",
        "",
        f"- {outcome.acknowledged:,} writes were acknowledged, {outcome.unanswered:,} were not",
        f"- {outcome.events:,} events",
        *(
            f"- {transport}: {number} subscribers, which connected"
            f" {outcome.connections[transport]:,} times"
            for transport, number in outcome.followers.items()
        ),
        f"- {outcome.repeated:,} events were told again, under the same id",
        *(
            f"- {name}: took {received:,} webhooks, of which {repeated:,} came again under the same"
            f" id, and refused {refused:,}"
            for name, (received, repeated, refused) in outcome.endpoints.items()
        ),
        f"- it took {outcome.seconds:,.0f} s"
        + "".join(f"; {seconds:,.0f} s of CPU of {name}" for name, seconds in outcome.cpu.items()),
        *(f"- PROBLEM: {problem}" for problem in outcome.problems),
    ]
    if not outcome.problems:
        lines.append("- Nobody missed anything.")
    return "\n".join(lines)


def _words(closing: tuple[int, str] | None) -> str:
    return "nothing" if closing is None else f"{closing[0]}, {closing[1]}"
