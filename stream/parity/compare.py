"""Two sets of decisions compared event by event, in parts that fit into memory."""

import tempfile
from collections.abc import Callable, Iterator
from errno import ENOSPC
from functools import reduce
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stream.parity import differences
from stream.parity.buckets import n_buckets, read_bucket, spread
from stream.parity.differences import Compared, Difference, found
from stream.parity.matching import counting, flag, judged, match
from stream.parity.report import Absent, Part, Report
from stream.parity.source import PROBABILITIES, SCORES, Source, read_tables
from stream.pipeline.features import FEATURES
from topics.errors import InputError
from topics.scratch import ScratchFolder

FIELDS: Final = ("user_id", "type", "event_time_ms", "late")
TOLERANCE: Final = 1e-5


def compare_decisions(
    logged: Source,
    replayed: Source,
    *,
    tolerance: float = TOLERANCE,
    ideal: Source | None = None,
    share: float = 1.0,
    shared_counts: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> Report:
    """Compare what was logged with what a replay says of the same events.

    ``ideal`` has the shared features to compare with, where they are not those of ``replayed``.
    ``tolerance`` is absolute for probabilities, relative for money; ``share``, in (0, 1], is the
    part of the users to compare; ``shared_counts`` says whether shared features must be equal.
    ``progress`` is told of each row of that part, read and compared, so twice. Both sets go
    through temporary files; memory does not grow with them. Raises InputError where a set cannot
    be read, or there is no event to judge.
    """
    if not 0.0 < share <= 1.0:
        raise InputError(f"--share is {share}; it must be above 0 and at most 1")
    if not 0.0 <= tolerance < 1.0:
        raise InputError(f"--tolerance is {tolerance}; it must be at least 0 and below 1")
    sources = logged, replayed
    try:
        with ScratchFolder("riskstream-parity-") as scratch:
            parts = _parts(sources, scratch, tolerance, share, progress)
            whole = reduce(Part.joined, parts)
        if ideal is not None:
            with ScratchFolder("riskstream-parity-") as scratch:
                parts = _parts((logged, ideal), scratch, tolerance, share, progress)
                whole = whole.with_shared_of(reduce(Part.joined, parts))
    except OSError as error:
        if error.errno != ENOSPC:
            raise
        where = tempfile.gettempdir()
        raise InputError(f"{where} is full; free space or set TMPDIR to a larger disk") from error
    _check(whole, sources, share)
    return Report(*sources, tolerance, share, shared_counts, whole)


def compare_tables(logged: pa.Table, replayed: pa.Table, tolerance: float) -> Part:
    """Compare two sets of decisions that are in memory."""
    first, second = counting(logged), counting(replayed)
    pairs = match(first, second)
    ours, theirs = pairs.logged, pairs.replayed
    comparable = judged(ours) & judged(theirs)
    mask = pa.array(comparable)
    return Part(
        n_logged=len(first),
        n_replayed=len(second),
        n_repeated=len(logged) + len(replayed) - len(first) - len(second),
        n_matched=len(ours),
        n_judged=int(comparable.sum()),
        n_cold=int((~flag(ours, "warm") | ~flag(theirs, "warm")).sum()),
        n_degraded=int((flag(ours, "degraded") | flag(theirs, "degraded")).sum()),
        missing=_absent(pairs.missing),
        extra=_absent(pairs.extra),
        differences=tuple(_differences(ours.filter(mask), theirs.filter(mask), tolerance)),
    )


def _parts(
    sources: tuple[Source, Source],
    scratch: Path,
    tolerance: float,
    share: float,
    progress: Callable[[float], None],
) -> Iterator[Part]:
    n = n_buckets(int(share * max(source.n_rows for source in sources)))
    files = []
    for name, source in zip(("logged", "replayed"), sources, strict=True):
        folder = scratch / name
        folder.mkdir()
        tables = read_tables(source, share=share)
        files.append(spread(tables, folder, n, progress=progress))
    for ours, theirs in zip(*files, strict=True):
        logged, replayed = read_bucket(ours), read_bucket(theirs)
        yield compare_tables(logged, replayed, tolerance)
        progress(len(logged) + len(replayed))


def _absent(table: pa.Table) -> Absent:
    counted = judged(table)
    n = int(counted.sum())
    example = table["event_id"][int(np.argmax(counted))].as_py() if n else None
    return Absent(n, len(table) - n, example)


def _differences(logged: pa.Table, replayed: pa.Table, tolerance: float) -> Iterator[Difference]:
    """Yield what each column has; the tables hold the same events, row by row, all judged."""
    ids = logged["event_id"]

    def differs(name: str) -> NDArray[np.bool_]:
        return np.asarray(pc.not_equal(logged[name], replayed[name]).to_numpy(), np.bool_)

    def values(name: str) -> tuple[Any, Any]:
        return logged[name], replayed[name]

    for name in FIELDS:
        yield found(name, "field", differences.texts(differs(name)), ids, *values(name))
    for name in SCORES:
        ours, theirs = (_floats(column) for column in values(name))
        yield found(name, "score", _score(name, ours, theirs, tolerance), ids, *values(name))
    risks = [np.where(differs("policy_version"), np.nan, _floats(c)) for c in values("risk")]
    chosen = differences.actions(differs("action"), risks[0], risks[1], tolerance)
    yield found("action", "action", chosen, ids, *values("action"))
    for feature in FEATURES:
        ours, theirs = (column.to_numpy() for column in values(feature.name))
        kind: differences.Kind = "shared" if feature.shared else "own"
        yield found(
            feature.name, kind, differences.features(ours, theirs), ids, *values(feature.name)
        )


def _floats(column: Any) -> NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def _score(
    name: str, logged: NDArray[np.float64], replayed: NDArray[np.float64], tolerance: float
) -> Compared:
    if name in PROBABILITIES:
        return differences.probabilities(logged, replayed, tolerance)
    if name == "credit_score":
        return differences.points(logged, replayed)
    return differences.money(logged, replayed, tolerance)


def _check(whole: Part, sources: tuple[Source, Source], share: float) -> None:
    """Raise InputError where nothing was judged: nothing would be shown by its equality."""
    logged, replayed = (source.path for source in sources)
    of_sample = f" among {share:g} of the users" if share < 1.0 else ""
    if not whole.n_matched:
        raise InputError(
            f"{logged} and {replayed} have no event in common{of_sample}; give decisions about "
            "the same time" + (", or a larger --share" if of_sample else "")
        )
    if not whole.n_judged:
        raise InputError(
            f"none of the {whole.n_matched:,} events in common{of_sample} can be judged "
            f"({whole.n_cold:,} are not warm, {whole.n_degraded:,} degraded); choose a later --from"
        )
