"""Credit records as columns, and as the records of ``credit.scores``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from topics.decisionrecord import CreditRecord, Versions
from topics.errors import InputError
from topics.reasons import Reason
from topics.vocabulary import CREDIT_BANDS


@dataclass(frozen=True, eq=False)
class Credits:
    """Credit of ``n`` users after an event each.

    ``credit_score`` and ``previous_score`` int[n] in 300..850, 0 where there is none; ``band``
    uint8[n] indexes CREDIT_BANDS; ``p_bad`` float64[n] in [0, 1]; ``purchasing_power`` float64[n]
    in the account's currency per 30 days. NaN: not computed.
    """

    user_ids: list[str]
    event_ids: list[str]
    credit_score: NDArray[np.int64]
    band: NDArray[np.uint8]
    previous_score: NDArray[np.int64]
    p_bad: NDArray[np.float64]
    purchasing_power: NDArray[np.float64]
    reasons: list[Sequence[Reason]]
    versions: Versions

    def __len__(self) -> int:
        return len(self.user_ids)


def encode_credits(credits: Credits, *, updated_at_ms: int) -> list[bytes]:  # noqa: A002
    """Return one JSON object per record."""
    model = {"name": credits.versions.model_name, "version": credits.versions.model_version}
    columns = zip(
        credits.user_ids,
        credits.event_ids,
        credits.credit_score.tolist(),
        credits.band.tolist(),
        credits.previous_score.tolist(),
        credits.p_bad.tolist(),
        credits.purchasing_power.tolist(),
        credits.reasons,
        strict=True,
    )
    return [
        orjson.dumps(
            {
                "user_id": user_id,
                "credit_score": score or None,
                "band": CREDIT_BANDS[band],
                "previous_score": previous or None,
                "p_bad": p_bad,
                "purchasing_power": power,
                "updated_at_ms": updated_at_ms,
                "event_id": event_id,
                "reasons": reasons,
                "model": model,
                "policy_version": credits.versions.policy_version,
            }
        )
        for user_id, event_id, score, band, previous, p_bad, power, reasons in columns
    ]


_READ: Final = msgspec.json.Decoder(CreditRecord)


def read_credit(value: bytes) -> CreditRecord:
    """Read a record of ``credit.scores``; raises InputError if it is none."""
    try:
        return _READ.decode(value)
    except msgspec.MsgspecError as error:
        raise InputError(f"A record of credit.scores cannot be read: {error}.") from error
