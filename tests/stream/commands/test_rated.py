"""What `train` prints of the parts of a model and of what is reported beside them."""

from typing import Any

from rich.console import Console

from stream.commands.rated import rated

PART: dict[str, Any] = {"n": 900, "n_fraud": 40, "average_precision": 0.68, "roc_auc": 0.9}
ESTIMATE = {"spearman": 0.5, "roc_auc": 0.7, "rmse": 1234.4, "mae": None}


def printed(manifest: dict[str, Any]) -> str:
    console = Console(width=120, highlight=False)
    with console.capture() as captured:
        for found in rated(manifest):
            console.print(found, markup=False)
    return captured.get()


def test_each_part_is_a_row_and_a_sentence_says_where_a_baseline_wins() -> None:
    metrics = {"fused": PART, "logistic_regression": PART | {"average_precision": 0.71},
               "turned_bad": {**PART, "average_precision": None, "roc_auc": None}}  # fmt: skip
    spend = {"n": 2000, "n_users": 700, "parts": {"spend_model": ESTIMATE, "last_value": ESTIMATE}}
    lines = printed({"metrics": metrics, "spend_metrics": spend, "heads": ["fraud", "spend"],
                     "spend_horizon_days": 90.0}).splitlines()  # fmt: skip
    (row,) = (line for line in lines if "logistic_regression" in line)
    assert row.split()[3::2] == ["0.710", "0.900"]
    assert not any("turned_bad" in line for line in lines)
    assert any("spend of 90 days, judged on 700 users" in line for line in lines)
    (row,) = (line for line in lines if "last_value" in line)
    assert row.split()[3::2] == ["0.5", "0.7", "1,234", "-"]
    assert lines[-1].startswith("logistic regression ranks better here than the fused model")


def test_no_figures_make_no_table() -> None:
    assert printed({"metrics": {}, "spend_metrics": None, "heads": []}) == ""
