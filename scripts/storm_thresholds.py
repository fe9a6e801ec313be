"""What must hold for the exit code 0. Each threshold is shown beside the value it was held against."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a report holds its thresholds
    from scripts.storm_plan import Limits
    from scripts.storm_report import Report


@dataclass(frozen=True)
class Threshold:
    """`value` None: it could not be measured, which is a failure where somebody asked for it."""

    name: str
    value: float | None
    at_most: float
    unit: str = ""

    @property
    def ok(self) -> bool:
        return self.value is not None and self.value <= self.at_most

    @property
    def says(self) -> str:
        value = "not known" if self.value is None else f"{_plain(self.value)}{self.unit}"
        return f"{self.name} {value}, at most {_plain(self.at_most)}{self.unit}"


def thresholds(report: "Report", limits: "Limits") -> list[Threshold]:
    """Those asked for, and those that no storm may miss."""
    account = report.account
    made = [Threshold("lost", report.lost, limits.lost)]
    # What is not found for want of an answer may be lost: a proof has no gaps.
    made.append(Threshold("not judged in time", account.unsettled, 0))
    made.append(Threshold("ids without an answer", account.unknown, 0))
    if account.balanced is not None:
        made.append(Threshold("books out of balance", 0 if account.balanced else 1, 0))
    if report.pulls is not None:
        made.append(Threshold("resolved twice", report.pulls.twice, 0))
    if report.hostile:
        made.append(Threshold("hostile, wrongly answered", sum(kind.wrong for kind in report.hostile), 0))
    if limits.p99_ms is not None:
        made.append(Threshold("p99", report.latency.p99_ms if report.latency.count else None, limits.p99_ms, " ms"))
    if limits.error_rate is not None:
        made.append(Threshold("error rate", report.error_rate, limits.error_rate))
    if limits.drain_s is not None:
        made.append(Threshold("drain", report.drain_s, limits.drain_s, " s"))
    return made


def _plain(value: float) -> str:
    return f"{value:,.4f}".rstrip("0").rstrip(".")
