"""Decisions to compare, as they lie in parquet: checked, then read slice by slice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stream.pipeline.features import FEATURE_VERSION, NAMES
from topics.blake import Blake
from topics.errors import InputError
from topics.files import files_of
from topics.outputtable import IDEAL, decision_schema

WORDS: Final = ("event_id", "user_id", "type", "event_time_ms", "late", "warm", "degraded",
                "revision", "action", "policy_version")  # fmt: skip
"""Fields that every decision has."""
PROBABILITIES: Final = ("p_fraud", "anomaly", "risk")
SCORES: Final = (*PROBABILITIES, "credit_score", "purchasing_power")

_VERSIONS: Final = ("feature_version", "policy_version", "model")
_ROWS: Final = 1 << 15
_WRITE_IT: Final = "write it with `riskstream tail decisions --out FILE.parquet` or a backtest"
_SAMPLE_KEY: Final = b"riskstream parity"


@dataclass(frozen=True)
class Source:
    """Files of decisions; ``models`` and ``policies`` are the versions they name, in order."""

    path: Path
    files: tuple[Path, ...]
    n_rows: int
    models: tuple[str, ...]
    policies: tuple[str, ...]


def open_source(path: Path) -> Source:
    """Find the parquet files that ``path`` stands for (itself, or those in a folder) and check.

    Raises InputError where there is none, one is broken, a column is missing, there is no row, or
    the features are not of this release's table.
    """
    files = tuple(
        file
        for file in files_of(path)
        if file.suffix == ".parquet" and (file.name != IDEAL or file == path)
    )
    if not files:
        raise InputError(f"{path} is no parquet; {_WRITE_IT}")
    n_rows = sum(_n_rows(file, (*WORDS, *SCORES, *_VERSIONS)) for file in files)
    if not n_rows:
        raise InputError(f"{path} has no rows; give decisions about at least one event")
    features, models, policies = _versions(files)
    if features != {FEATURE_VERSION}:
        raise InputError(
            f"{path} has features of version {', '.join(sorted(features))}, and this release "
            f"knows {FEATURE_VERSION}; compare with the release that wrote them, or another time"
        )
    for file in files:
        _n_rows(file, NAMES)
    return Source(path, files, n_rows, tuple(sorted(models)), tuple(sorted(policies)))


def ideal_beside(source: Source) -> Source | None:
    """Return what lies beside replayed decisions as ideal, None where nothing does."""
    path = source.path / IDEAL
    return open_source(path) if path.is_file() else None


def read_tables(source: Source, *, share: float = 1.0) -> Iterator[pa.Table]:
    """Yield the columns that are compared, at most 32,768 rows at a time, of a share of the users.

    Which users belong to the share depends on their ids alone. Raises InputError where a file
    cannot be read, or a field is null that every decision has.
    """
    schema = _schema((*WORDS, *SCORES, *NAMES))
    for file in source.files:
        for table in _slices(file, schema):
            for name in WORDS:
                if table.column(name).null_count:
                    raise InputError(f"{file} has a decision without {name}; {_WRITE_IT}")
            yield table if share >= 1.0 else table.filter(in_share(table["user_id"], share))


def in_share(users: Any, share: float) -> Any:
    """Return bool[n], whether each user (an Arrow column of text) is in this share of all users.

    >>> users = pa.chunked_array([[f"u{i}" for i in range(1000)]])
    >>> 450 < in_share(users, 0.5).true_count < 550
    True
    """
    coded = pc.dictionary_encode(users).combine_chunks()
    drawn = Blake(_SAMPLE_KEY).column(coded.dictionary.to_pylist()).astype(np.float64) / 2.0**64
    return pa.array((drawn < share)[coded.indices.to_numpy()])


def _schema(names: tuple[str, ...]) -> Any:
    whole = decision_schema(NAMES)
    return pa.schema([whole.field(name) for name in names])


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{file} cannot be read as decisions ({reason}); {_WRITE_IT}") from error


def _n_rows(file: Path, names: tuple[str, ...]) -> int:
    with _reading(file), pq.ParquetFile(file) as opened:
        there = set(opened.schema_arrow.names)
        n_rows = int(opened.metadata.num_rows)
    missing = [name for name in names if name not in there]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(f"{file} has no column {missing[0]}{more}; {_WRITE_IT}")
    return n_rows


def _slices(file: Path, schema: Any) -> Iterator[pa.Table]:
    with _reading(file):
        opened = pq.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False)
    with opened:
        batches = opened.iter_batches(batch_size=_ROWS, columns=schema.names)
        while True:
            with _reading(file):
                batch = next(batches, None)
                if batch is None:
                    return
                table = pa.Table.from_batches([batch]).select(schema.names).cast(schema, safe=False)
            yield table


def _versions(files: tuple[Path, ...]) -> tuple[set[str], set[str], set[str]]:
    """Return the versions of features, models and policies that the decisions name."""
    schema = _schema(_VERSIONS)
    features, models, policies = set[str](), set[str](), set[str]()
    for file in files:
        for table in _slices(file, schema):
            features |= {str(text) for text in pc.unique(table["feature_version"]).to_pylist()}
            policies |= {str(text) for text in pc.unique(table["policy_version"]).to_pylist()}
            model = table["model"]
            named = pa.table(
                {part: pc.struct_field(model, part) for part in ("name", "version")}
            ).group_by(["name", "version"])
            models |= {f"{m['name']} {m['version']}" for m in named.aggregate([]).to_pylist()}
    return features, models, policies
