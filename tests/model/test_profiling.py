"""Which of the shop's own fields a model reads: kinds, bounds, and what is left out and why."""

from typing import Any

import numpy as np

from model.attributes import Attributes
from model.profiling import MOST_FIELDS, MOST_LEFT, MOST_PROFILED, MOST_VALUES, find_attributes

N = 2_000


def profiled(found: list[dict[str, Any] | None], label: np.ndarray | None = None) -> Attributes:
    users = np.arange(len(found), dtype=np.uint64)
    return find_attributes(found, users, np.zeros(len(found), np.int8) if label is None else label)


def test_kinds_are_told_by_the_values() -> None:
    rng = np.random.default_rng(0)
    rows: list[Any] = [
        {"n": float(rng.normal()), "text": f"{rng.normal():.2f}", "b": bool(rng.random() < 0.3),
         "s": str(rng.choice(["a", "b"])), "mixed": 1 if i % 10 else "one", "zip": i % 7 or "n/a"}
        for i in range(N)
    ]  # fmt: skip
    found = profiled(rows)
    kinds = {field.name: field.kind for field in found.fields}
    assert kinds == {"n": "number", "text": "number", "b": "boolean", "s": "string",
                     "mixed": "string", "zip": "number"}  # fmt: skip
    assert found.left_out == ()
    usual = {field.name: field.usual for field in found.fields}
    assert usual["b"] == 0.0
    assert usual["mixed"] == "1"


def test_words_for_nothing_and_a_few_others_do_not_make_numbers_a_string() -> None:
    rng = np.random.default_rng(0)
    for share, words in ((0.08, ["NA"]), (0.06, [""]), (0.9, [" n/a ", "NULL", "None", "?"]),
                         (0.3, ["refused", "too young"])):  # fmt: skip
        rows: list[Any] = [
            {"age": str(rng.choice(words)) if rng.random() < share else int(rng.integers(18, 80))}
            for _ in range(N)
        ]
        (age,) = profiled(rows).fields
        assert (age.kind, age.values) == ("number", ()), words
        column = Attributes((age,)).encode(rows)[:, 0]
        known = [isinstance(row["age"], int) for row in rows]
        np.testing.assert_array_equal(np.isfinite(column), known)
    sizes: list[Any] = [{"size": str(rng.choice(["S", "M", "L", "38", "40"]))} for _ in range(N)]
    codes: list[Any] = [{"code": f"{rng.integers(15)}{rng.choice(list('ABCD1'))}"} for _ in sizes]
    flags: list[Any] = [{"flag": [True, False, "unknown"][i % 3]} for i in range(N)]
    kinds = [profiled(rows).fields[0].kind for rows in (sizes, codes, flags)]
    assert kinds == ["string", "string", "boolean"]


def test_what_tells_nothing_is_left_out_with_the_reason() -> None:
    rows: list[Any] = [{"same": "x", "one": 1, "id": f"id-{i}"} for i in range(N)]
    for i in range(10):
        rows[i]["rare"] = i
    why = {one.name: one.why for one in profiled(rows).left_out}
    assert why == {
        "same": "the same value in all events",
        "one": "the same value in all events",
        "id": "nearly every event has a value of its own",
        "rare": "too few events have it",
    }
    assert profiled(rows).fields == ()


def test_that_a_field_is_there_may_be_all_that_it_tells() -> None:
    rows: list[Any] = [{"promo": True, "note": f"note {i}"} if i % 3 else None for i in range(N)]
    kinds = {field.name: field.kind for field in profiled(rows).fields}
    assert kinds == {"promo": "boolean", "note": "given"}


def test_values_are_bounded_and_those_of_few_people_are_not_kept() -> None:
    rows: list[Any] = [{"city": f"city {i % 200:03}"} for i in range(20_000)]
    (city,) = profiled(rows).fields
    assert len(city.values) == MOST_VALUES
    assert list(city.values) == sorted(city.values)
    assert sum(city.shares) < 1
    mine: list[Any] = [{"mail": "me@x" if i % 2 else "all@x"} for i in range(N)]
    users = np.where(np.arange(N) % 2, 1, np.arange(N)).astype(np.uint64)
    (mail,) = find_attributes(mine, users, np.zeros(N, np.int8)).fields
    assert mail.values == ("all@x",)


def test_of_too_many_fields_those_stay_that_tell_most() -> None:
    rng = np.random.default_rng(0)
    label = (rng.random(N) < 0.1).astype(np.int8)
    rows: list[Any] = [
        {f"noise {k:03}": float(rng.normal()) for k in range(100)}
        | ({"tells": float(rng.normal() + 2 * label[i])} if i % 2 else {})
        for i in range(N)
    ]
    found = profiled(rows, label)
    assert len(found.fields) == MOST_FIELDS
    assert "tells" in {field.name for field in found.fields}
    assert {one.why for one in found.left_out} == {"64 other fields tell more"}
    assert "tells" not in {field.name for field in profiled(rows).fields}


def test_names_without_end_take_neither_time_nor_room() -> None:
    rows: list[Any] = [{f"sku {i * 7 + k}": 1 for k in range(7)} | {"n": i} for i in range(N)]
    found = profiled(rows)
    assert [field.name for field in found.fields] == ["n"]
    assert len(found.left_out) == MOST_LEFT
    assert MOST_PROFILED > MOST_FIELDS


def test_the_order_of_rows_and_names_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    rows: list[Any] = [
        {"a": str(rng.integers(5)) + "x", "b": float(i % 9), "c": bool(i % 2)} for i in range(N)
    ]
    turned = [dict(reversed(row.items())) for row in reversed(rows)]
    assert profiled(rows) == profiled(turned)


def test_events_without_fields_give_no_columns() -> None:
    assert profiled([None] * N) == Attributes()
    assert find_attributes(None, np.zeros(0, np.uint64), np.zeros(0, np.int8)) == Attributes()
