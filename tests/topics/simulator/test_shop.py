"""A simulated shop keeps the contract, is the same for the same seed, and looks like a shop."""

import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict

import orjson
import pytest

from topics.decode import Decoder
from topics.hashing import Tokens
from topics.simulator import Shop, SimulatorConfig, simulate
from topics.simulator.cohort import COHORT_SIZE, TRAITS
from topics.simulator.schemes import SCHEMES
from topics.vocabulary import BROWSE_ACTIONS, ORDER_STATUSES

CONFIG = SimulatorConfig(users=2_500, days=40, seed=7)


@pytest.fixture(scope="module")
def shop():
    with Shop(CONFIG) as shop:
        yield shop


@pytest.fixture(scope="module")
def events(shop):
    return [orjson.loads(record.value) for record in shop.events()]


@pytest.fixture(scope="module")
def labels(shop):
    return [orjson.loads(record.value) for record in shop.labels()]


@pytest.fixture(scope="module")
def truth(shop):
    return [orjson.loads(record.value) for record in shop.truth()]


def digest(records):
    return hashlib.sha256(b"\n".join(record.value for record in records)).hexdigest()


def test_everything_decodes_as_the_contract_says(shop):
    decoder = Decoder(Tokens(b"key"))
    assert decoder.events([r.value for r in shop.events()]).bad == []
    assert decoder.labels([r.value for r in shop.labels()]).bad == []


def test_records_say_their_own_time_type_and_user(shop):
    for record in shop.events():
        event = orjson.loads(record.value)
        assert (record.time_ms, record.kind, record.user_id) == (
            event["event_time"],
            event["type"],
            event["user_id"],
        )


def test_time_and_what_becomes_known_run_forward(events, labels):
    times = [event["event_time"] for event in events]
    assert times == sorted(times)
    assert times[0] >= CONFIG.start_ms
    assert times[-1] < CONFIG.end_ms
    known = [label["known_at"] for label in labels]
    assert known == sorted(known)
    assert all(label["known_at"] > label["event_time"] for label in labels)


def test_ids_are_unique_and_labels_are_about_events_of_their_users(events, labels, truth):
    user_of = {event["event_id"]: event["user_id"] for event in events}
    assert len(user_of) == len(events)
    assert len({label["label_id"] for label in labels}) == len(labels)
    about = [label for label in labels if "event_id" in label]
    assert all(user_of[label["event_id"]] == label["user_id"] for label in about)
    assert all(user_of[t["event_id"]] == t["user_id"] for t in truth)
    assert any("event_id" not in label for label in labels)


def test_seven_in_ten_events_are_browsing_and_all_words_occur(events):
    n = len(events)
    types = Counter(event["type"] for event in events)
    assert 0.64 < types["browse"] / n < 0.74
    assert 0.02 < types["review"] / n < 0.042
    assert {e["action"] for e in events if e["type"] == "browse"} == set(BROWSE_ACTIONS)
    assert {e["status"] for e in events if e["type"] == "order"} == set(ORDER_STATUSES)


def test_an_account_has_one_birthday_and_nothing_happens_before_it(events):
    birthdays = defaultdict(set)
    first = {}
    for event in events:
        first.setdefault(event["user_id"], event)
        if "account_created_at" in event:
            birthdays[event["user_id"]].add(event["account_created_at"])
    assert {len(found) for found in birthdays.values()} == {1}
    for user, (birthday,) in birthdays.items():
        assert birthday <= first[user]["event_time"]
        if birthday >= CONFIG.start_ms:
            assert first[user]["action"] == "signup"


def test_an_order_happens_in_sequence(events):
    rank = {s: i for i, s in enumerate(("placed", "shipped", "delivered", "returned", "refunded"))}
    statuses = defaultdict(list)
    for event in events:
        if event["type"] == "order":
            statuses[event["order_id"]].append(event["status"])
    for found in statuses.values():
        assert found[0] == "placed"
        assert len(set(found)) == len(found)
        ranks = [rank[status] for status in found if status in rank]
        assert ranks == sorted(ranks)
        assert not {"cancelled", "shipped"} <= set(found)


def test_an_orders_amount_is_its_items_less_the_discount(events):
    for event in events:
        if event.get("status") == "placed":
            worth = sum(item["unit_price"] * item["quantity"] for item in event["items"])
            discount = event["attributes"]["discount_share"]
            assert event["amount"] == pytest.approx(worth * (1 - discount), abs=0.011)
            assert event["attributes"]["promo_code"] == (discount > 0)


def test_guests_are_named_after_their_orders(events):
    guests = [e for e in events if e["user_id"].startswith("guest:")]
    assert guests
    assert all(e["user_id"] == f"guest:{e['order_id']}" for e in guests)


def test_the_fraud_share_is_what_was_asked_for(events, truth):
    n = sum(event["type"] != "browse" for event in events)
    share = sum(t["type"] != "browse" for t in truth) / n
    assert share == pytest.approx(CONFIG.fraud_share, rel=0.3)


def test_every_scenario_has_cases_of_which_some_are_never_labelled(labels, truth):
    labelled = {label["event_id"] for label in labels if "event_id" in label and label["is_fraud"]}
    for scheme in SCHEMES:
        cases = [t["event_id"] for t in truth if t["scenario"] == scheme.scenario and t["case"]]
        assert len(cases) >= 5, scheme.scenario
        assert any(case in labelled for case in cases), scheme.scenario
    cases = {t["event_id"] for t in truth if t["case"]}
    assert labelled < cases
    assert 0.55 < len(labelled) / len(cases) < 0.9


def test_labels_of_fraud_have_the_kind_of_their_scenario_and_good_ones_are_no_case(labels, truth):
    kinds = {scheme.scenario: scheme.kind for scheme in SCHEMES}
    frauds = {t["event_id"] for t in truth}
    for label in labels:
        if label["is_fraud"]:
            assert kinds[label["scenario"]] == label["kind"]
        else:
            assert label["scenario"].startswith("honest:")
            assert label["kind"] in {"legitimate", "default"}
            assert label["event_id"] not in frauds
    good = {label["scenario"] for label in labels if not label["is_fraud"]}
    assert good >= {f"honest:{trait}" for trait, _ in TRAITS}


def test_fraud_comes_early_and_late(truth):
    half = CONFIG.start_ms + (CONFIG.end_ms - CONFIG.start_ms) // 2
    early = sum(t["event_time"] < half for t in truth) / len(truth)
    assert 0.25 < early < 0.75


def test_no_field_is_only_ever_set_by_fraudsters(events, truth):
    frauds = {t["event_id"] for t in truth}
    seen = {True: defaultdict(set), False: defaultdict(set)}
    for event in events:
        step = event.get("status") or event.get("action") or "review"
        flat = {**event, **event.get("attributes", {}), **event.get("payment", {})}
        for name, value in flat.items():
            seen[event["event_id"] in frauds][step].add((name, type(value).__name__))
            if isinstance(value, bool) or name in {"channel", "method", "login_method"}:
                seen[event["event_id"] in frauds][step].add((name, value))
    for step, shapes in seen[True].items():
        assert shapes <= seen[False][step], step


def test_both_languages_are_written_and_both_currencies_paid(events):
    texts = [e["text"] for e in events if e["type"] == "review"]
    chinese = sum(any("一" <= c <= "鿿" for c in text) for text in texts) / len(texts)
    assert 0.35 < chinese < 0.7
    assert {e["currency"] for e in events if e["type"] == "order"} == {"CNY", "USD"}


def test_honest_people_share_networks_addresses_and_devices(events, truth):
    frauds = {t["user_id"] for t in truth}
    users = {"device_id": defaultdict(set), "shipping_address_id": defaultdict(set)}
    networks = defaultdict(set)
    for event in events:
        if event.get("status") == "placed" and event["user_id"] not in frauds:
            networks[event["ip"].rpartition(".")[0]].add(event["user_id"])
            for name, found in users.items():
                found[event[name]].add(event["user_id"])
    assert max(map(len, networks.values())) > 30
    assert max(map(len, users["shipping_address_id"].values())) > 8
    assert sum(len(u) > 1 for u in users["device_id"].values()) > 50


def test_without_a_fraud_share_there_is_no_fraud():
    with Shop(SimulatorConfig(users=300, days=20, seed=3, fraud_share=0.0)) as shop:
        assert list(shop.truth()) == []
        assert not any(orjson.loads(label.value)["is_fraud"] for label in shop.labels())
        assert sum(1 for _ in shop.events()) > 3_000


def test_another_seed_is_another_market():
    one, other = (digest(simulate(SimulatorConfig(users=50, days=5, seed=s))) for s in (1, 2))
    assert one != other


def test_the_same_seed_gives_the_same_bytes_in_any_process():
    program = (
        "import hashlib\n"
        "from topics.simulator import Shop, SimulatorConfig\n"
        "with Shop(SimulatorConfig(users=150, days=12, seed=9)) as shop:\n"
        "    for part in (shop.events(), shop.labels(), shop.truth()):\n"
        "        print(hashlib.sha256(b'\\n'.join(r.value for r in part)).hexdigest())\n"
    )
    answers = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "77")
    ]
    with Shop(SimulatorConfig(users=150, days=12, seed=9)) as shop:
        here = "".join(f"{digest(p)}\n" for p in (shop.events(), shop.labels(), shop.truth()))
    assert answers == [here, here]


def test_asking_for_a_number_of_events_gives_it_and_cuts_labels_with_them():
    config = SimulatorConfig(users=400, days=30, seed=5, events=6_000)
    with Shop(config) as shop:
        events = [orjson.loads(record.value) for record in shop.events()]
        ids = {event["event_id"] for event in events}
        assert len(events) == len(ids) == 6_000
        assert events[-1]["event_time"] > config.start_ms + 0.6 * (config.end_ms - config.start_ms)
        for record in [*shop.labels(), *shop.truth()]:
            about = orjson.loads(record.value).get("event_id")
            assert about is None or about in ids


def test_progress_counts_users_up_to_all():
    calls = []
    config = SimulatorConfig(users=COHORT_SIZE + 300, days=2, seed=1)
    with Shop(config, lambda done, total: calls.append((done, total))):
        pass
    assert calls == sorted(calls)
    assert {total for _, total in calls} == {config.users}
    assert calls[-1] == (config.users, config.users)
