"""What a comparison of two sets of decisions found."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from stream.parity.differences import Difference, Kind
from stream.parity.source import Source


@dataclass(frozen=True)
class Absent:
    """Events that only one set has: ``n`` count, ``n_not_judged`` are cold or degraded there."""

    n: int = 0
    n_not_judged: int = 0
    example: str | None = None

    def joined(self, other: "Absent") -> "Absent":
        """Return both parts of the events together."""
        return Absent(
            self.n + other.n,
            self.n_not_judged + other.n_not_judged,
            self.example or other.example,
        )


@dataclass(frozen=True)
class Part:
    """What was found in a part of the events.

    ``n_logged`` and ``n_replayed`` are events, ``n_repeated`` the records beyond one per event, on
    both sides together. ``n_matched`` events are in both sets, ``n_judged`` of them compared;
    ``n_cold`` have ``warm=false`` on a side, ``n_degraded`` are degraded on a side, both possibly.
    """

    n_logged: int
    n_replayed: int
    n_repeated: int
    n_matched: int
    n_judged: int
    n_cold: int
    n_degraded: int
    missing: Absent
    extra: Absent
    differences: tuple[Difference, ...]

    def with_shared_of(self, other: "Part") -> "Part":
        """Return this part with what another comparison found in the shared features."""
        mine = [d for d in self.differences if d.kind != "shared"]
        theirs = [d for d in other.differences if d.kind == "shared"]
        return replace(self, differences=(*mine, *theirs))

    def joined(self, other: "Part") -> "Part":
        """Return both parts together."""
        return Part(
            self.n_logged + other.n_logged,
            self.n_replayed + other.n_replayed,
            self.n_repeated + other.n_repeated,
            self.n_matched + other.n_matched,
            self.n_judged + other.n_judged,
            self.n_cold + other.n_cold,
            self.n_degraded + other.n_degraded,
            self.missing.joined(other.missing),
            self.extra.joined(other.extra),
            tuple(a.joined(b) for a, b in zip(self.differences, other.differences, strict=True)),
        )


@dataclass(frozen=True)
class Report:
    """Everything that was found, and under which rules."""

    logged: Source
    replayed: Source
    tolerance: float
    share: float
    shared_counts: bool
    part: Part

    @property
    def equal(self) -> bool:
        """Whether everything that counts is equal."""
        return not (self.part.missing.n or self.part.extra.n or self.counting)

    @property
    def counting(self) -> list[Difference]:
        """The columns that differ and count, worst first."""
        return [d for d in self.differing if self.counts(d)]

    @property
    def differing(self) -> list[Difference]:
        """All columns that differ, or nearly; those that count first, the worst of them first."""
        there = [d for d in self.part.differences if d.n or d.n_near]
        return sorted(there, key=lambda d: (not self.counts(d), -d.n, -d.largest_error, -d.n_near))

    def counts(self, difference: Difference) -> bool:
        """Whether a difference makes the sets unequal."""
        return difference.n > 0 and (difference.kind != "shared" or self.shared_counts)

    def of(self, *kinds: Kind) -> Sequence[Difference]:
        """Return the columns of these kinds, whether they differ or not."""
        return [d for d in self.part.differences if d.kind in kinds]

    def as_object(self) -> dict[str, Any]:
        """Return everything as one object for JSON."""
        counts = {name: value for name, value in vars(self.part).items() if name.startswith("n_")}
        groups: dict[str, tuple[Kind, ...]] = {
            "fields": ("field",), "scores": ("score",), "action": ("action",),
            "own_features": ("own",), "shared_features": ("shared",),
        }  # fmt: skip
        return {
            "equal": self.equal,
            **counts,
            "missing": asdict(self.part.missing),
            "extra": asdict(self.part.extra),
            "share": self.share,
            "tolerance": self.tolerance,
            "shared_counts": self.shared_counts,
            "models": {"logged": self.logged.models, "replayed": self.replayed.models},
            "policies": {"logged": self.logged.policies, "replayed": self.replayed.policies},
            **{
                group: {d.name: self._object(d) for d in self.of(*kinds)}
                for group, kinds in groups.items()
            },
        }

    def _object(self, difference: Difference) -> dict[str, Any]:
        example = difference.example
        return {
            "n": difference.n,
            "share": difference.n / self.part.n_judged,
            "n_unknown": difference.n_unknown,
            "n_near": difference.n_near,
            "largest_error": difference.largest_error,
            "example": example and {
                "event_id": example.event_id,
                "logged": example.logged,
                "replayed": example.replayed,
            },
        }  # fmt: skip
