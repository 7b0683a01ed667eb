"""Output records as text for people: alerts as blocks, decisions and credit records as lines."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.text import Text

Record = Mapping[str, Any]

SEVERITY_STYLE: Final = {
    "low": "cyan",
    "medium": "yellow",
    "high": "bold red",
    "critical": "bold white on red",
}
_LABEL_WIDTH: Final = 9
_TOKEN_CHARS: Final = 8
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def alert_text(alert: Record) -> Text:
    """Return an alert of ``risk.alerts`` as a small block that ends in an empty line.

    The first line says how grave it is, what to do and what is suspected; below are the user, what
    happened, the reasons, the rules, who shares what, and the scores with their units. Fields that
    are absent are passed over. Control characters in texts that came from outside are shown as
    U+FFFD, so that a user name cannot steer the terminal.

    >>> print(alert_text({
    ...     "severity": "high", "action": "hold", "abuse_type": "promotion_abuse", "user_id": "u1",
    ...     "type": "order", "event_id": "e1", "event_time_ms": 0, "p_fraud": 0.93, "risk": 0.95,
    ...     "reasons": [{"text": "11 accounts used this device in 24 h; usual: 1"}],
    ...     "links": [{"entity": "device", "token": "a1b2c3d4e5f6", "n_users": 11}],
    ... }))
    HIGH  hold  promotion abuse                                   1970-01-01 00:00:00 UTC
      user     u1
      what     order (event e1)
      because  11 accounts used this device in 24 h; usual: 1
      shared   device a1b2c3d4 by 11 users
      scores   risk 0.95, fraud 0.93 (0 to 1, higher is riskier)
    <BLANKLINE>
    """
    severity = str(alert.get("severity", ""))
    text = Text()
    text.append(severity.upper() or "ALERT", SEVERITY_STYLE.get(severity, "bold"))
    suspected = _clean(alert.get("abuse_type") or "").replace("_", " ")
    text.append(f"  {_clean(alert.get('action', ''))}  ", "bold")
    text.append(suspected)
    if (time_ms := alert.get("event_time_ms")) is not None:
        text.append(" " * max(2, 62 - text.cell_len))
        text.append(time_text(time_ms), "dim")
    text.append("\n")
    for label, line in _lines(alert):
        text.append(f"  {label:<{_LABEL_WIDTH}}", "dim").append(f"{line}\n")
    return text


def _lines(alert: Record) -> Iterator[tuple[str, str]]:
    yield "user", _clean(alert.get("user_id", "?"))
    yield "what", _what(alert)
    label = "because"
    for reason in alert.get("reasons") or ():
        yield label, _clean(reason.get("text") or reason.get("code", ""))
        label = ""
    if rules := alert.get("rules"):
        yield "rules", ", ".join(map(_clean, rules))
    if links := alert.get("links"):
        yield "shared", "; ".join(map(_shared, links))
    yield "scores", _scores(alert)
    notes = [name for name in ("degraded", "late") if alert.get(name)]
    if alert.get("warm") is False:
        notes.append("history incomplete")
    if notes:
        yield "note", ", ".join(notes)


def _what(record: Record) -> str:
    parts = [_clean(record.get("type", "event"))]
    if step := record.get("status") or record.get("step"):
        parts.append(_clean(step))
    if (amount := record.get("amount")) is not None:
        parts.append(f"of {money(amount, record.get('currency'))}")
    known = [
        f"{name.removesuffix('_id')} {_clean(record[name])}"
        for name in ("order_id", "event_id")
        if record.get(name)
    ]
    return " ".join(parts) + (f" ({', '.join(known)})" if known else "")


def _shared(link: Record) -> str:
    n = link.get("n_users", 0)
    token = _clean(link.get("token", ""))[:_TOKEN_CHARS]
    return f"{_clean(link.get('entity', '?'))} {token} by {n:,} user{'' if n == 1 else 's'}"


def _scores(record: Record) -> str:
    names = {"risk": "risk", "p_fraud": "fraud", "anomaly": "anomaly", "p_bad": "turns bad"}
    shares = [
        f"{said} {record[name]:.2f}" for name, said in names.items() if record.get(name) is not None
    ]
    parts = [", ".join(shares) + " (0 to 1, higher is riskier)"] if shares else []
    if (credit := record.get("credit_score")) is not None:
        parts.append(f"credit {credit:.0f} (300 to 850, higher is better)")
    if (power := record.get("purchasing_power")) is not None:
        parts.append(f"expected to spend {money(power, record.get('currency'))} in 30 days")
    return "; ".join(parts) or "none"


def decision_text(decision: Record) -> Text:
    """Return a decision of ``risk.decisions`` as one line.

    >>> print(decision_text({"action": "allow", "type": "order", "user_id": "u", "event_id": "e",
    ...     "event_time_ms": 0, "p_fraud": 0.01, "anomaly": 0.4, "risk": 0.01}))
    1970-01-01 00:00:00 UTC  allow    order (event e) of u: risk 0.01, fraud 0.01, anomaly 0.40
    """
    action = _clean(decision.get("action", ""))
    scores = [
        f"{said} {decision[name]:.2f}"
        for name, said in {"risk": "risk", "p_fraud": "fraud", "anomaly": "anomaly"}.items()
        if decision.get(name) is not None
    ]
    text = Text(f"{time_text(decision.get('event_time_ms', 0))}  ", "dim")
    text.append(f"{action:<9}", "" if action == "allow" else "bold yellow")
    text.append(f"{_what(decision)} of {_clean(decision.get('user_id', '?'))}: ", "")
    return text.append(", ".join(scores))


def credit_text(credit: Record) -> Text:
    """Return a record of ``credit.scores`` as one line.

    >>> print(credit_text({"user_id": "u", "credit_score": 640, "band": "B", "previous_score": 655,
    ...     "p_bad": 0.01, "updated_at_ms": 0}))
    1970-01-01 00:00:00 UTC  640 B (was 655)  u: turns bad 0.010
    """
    text = Text(f"{time_text(credit.get('updated_at_ms', 0))}  ", "dim")
    score = credit.get("credit_score")
    known = "no score" if score is None else f"{score:.0f} {_clean(credit.get('band', '?'))}"
    text.append(known, "bold")
    if (before := credit.get("previous_score")) is not None:
        text.append(f" (was {before:.0f})")
    parts = []
    if (p_bad := credit.get("p_bad")) is not None:
        parts.append(f"turns bad {p_bad:.3f}")
    if (power := credit.get("purchasing_power")) is not None:
        parts.append(f"expected to spend {money(power, credit.get('currency'))} in 30 days")
    return text.append(f"  {_clean(credit.get('user_id', '?'))}: {'; '.join(parts)}")


def time_text(time_ms: int) -> str:
    """Return epoch milliseconds as UTC, to the second."""
    return f"{_EPOCH + timedelta(milliseconds=time_ms):%Y-%m-%d %H:%M:%S} UTC"


def money(amount: float, currency: str | None) -> str:
    """Return an amount with its currency.

    >>> money(1234.5, "GBP"), money(7, None)
    ('1,234.50 GBP', '7.00')
    """
    return f"{amount:,.2f} {_clean(currency)}" if currency else f"{amount:,.2f}"


def _clean(value: Any) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in str(value))
