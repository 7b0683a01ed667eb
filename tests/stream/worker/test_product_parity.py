"""What the worker decided on a real broker, computed again from the topics: live equals replay."""

import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from stream.cli import main
from stream.pipeline import observe
from stream.pipeline.features import POSITION
from stream.settings import Settings
from tests.kafka.broker import Broker
from tests.kafka.fixture import skip_without_tools
from tests.stream.smallmodel import small_model
from tests.stream.worker.market import Event, Market
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.test_product_shared import wait_for_a_share_each
from topics.decode import Decoder
from topics.files import write_records

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

KEY = "k" * 32
LAG_MS = 3_000
AHEAD_MS = 4_000
"""How long before they are known labels arrive: until then nothing may use them."""
PER_SECOND = 50
PACED_S, OUTAGE_S = 20, 12
HOUR_MS = 3_600_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Traffic:
    """Events of thirty users with ten devices, as they happen; some late, some sent twice."""

    def __init__(self, market: Market) -> None:
        self._market, self._chance = market, random.Random(5)
        self._born_ms = now_ms() - HOUR_MS
        self._sent: list[Event] = []
        self.labels: list[Event] = []
        self.n_twice = 0

    def run(self, seconds: float, *, odd: bool) -> None:
        """Send at an even pace; ``odd`` adds late events, repeated ones and labels."""
        began, number = time.monotonic(), 0
        while (behind := time.monotonic() - began) < seconds:
            self._send(odd)
            number += 1
            time.sleep(max(0.0, number / PER_SECOND - behind))
        self._market.flush()

    def _send(self, odd: bool) -> None:
        chance = self._chance
        if odd and self._sent and chance.random() < 0.03:
            self._give(chance.choice(self._sent))
            self.n_twice += 1
            return
        if odd and len(self._sent) > 100 and chance.random() < 0.05:
            self._tell(chance.choice(self._sent[-400:-50] or self._sent[:1]))
            return
        user, number = chance.randrange(30), len(self._sent)
        event = {
            "event_id": f"e{number}", "user_id": f"user-{user}", "event_time": now_ms(),
            "account_created_at": self._born_ms - 2 * HOUR_MS,
        }  # fmt: skip
        if odd and chance.random() < 0.03:
            # Alone: two late events of one device could see each other or not, as links travel.
            event |= {"event_time": now_ms() - 90 * 60_000, "type": "browse", "action": "view"}
        else:
            kind = chance.choice(("order", "browse", "review"))
            event |= {"type": kind, "device_id": f"d{user // 3}", "ip": f"10.0.{user // 6}.1"}
            event |= self._details(kind, number)
        self._sent.append(event)
        self._market.events.append(event)
        self._give(event)

    def _details(self, kind: str, number: int) -> Event:
        chance = self._chance
        if kind == "order":
            card = {"method": "card", "instrument_id": f"card-{chance.randrange(12)}"}
            return {"order_id": f"o{number}", "status": "placed", "currency": "EUR",
                    "amount": chance.randrange(5, 90_000) / 100, "payment": card,
                    "seller_id": f"s{chance.randrange(4)}"}  # fmt: skip
        if kind == "review":
            text = f"good {chance.randrange(5)}"
            return {"review_id": f"r{number}", "rating": chance.randrange(1, 6), "text": text}
        return {"action": "view", "sku": f"k{chance.randrange(40)}"}

    def _give(self, event: Event) -> None:
        topic = {"order": "shop.orders", "browse": "shop.browse", "review": "shop.reviews"}
        key = event["user_id"].encode()
        self._market.put(topic[event["type"]], key, json.dumps(event).encode())

    def _tell(self, event: Event) -> None:
        label = {
            "label_id": f"l{len(self.labels)}", "user_id": event["user_id"], "kind": "fraud",
            "is_fraud": self._chance.random() < 0.8, "event_id": event["event_id"],
            "event_time": event["event_time"], "known_at": now_ms() + AHEAD_MS, "source": "test",
        }  # fmt: skip
        self.labels.append(label)
        key = event["user_id"].encode()
        self._market.put("risk.labels", key, json.dumps(label).encode())


@dataclass(frozen=True)
class Ran:
    """A stream that two workers decided, one of them killed at ``killed_ms``."""

    market: Market
    model: Path
    folder: Path
    began_ms: int
    killed_ms: int
    traffic: Traffic


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    skip_without_tools()
    broker = Broker(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    WorkerProcess.kill_all()
    broker.stop()


@pytest.fixture(scope="module")
def ran(broker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("parity")
    model = small_model(folder / "model")
    market = Market(broker.bootstrap, plain=True)
    product = Settings(scoring="full", model_dir=model, token_key=KEY, visibility_lag_ms=LAG_MS)
    workers = [
        market.worker(folder / name, product, instance=name, commit_interval_s=0.1)
        for name in ("one", "two")
    ]
    for worker in workers:
        worker.start()
        worker.wait_until_ready(240)
    wait_for_a_share_each(market, workers)
    traffic, began_ms = Traffic(market), now_ms()
    traffic.run(PACED_S, odd=True)
    killed_ms = now_ms()
    assert len(market.decisions()) > 0.8 * PACED_S * PER_SECOND
    workers[1].kill()
    traffic.run(OUTAGE_S, odd=False)
    market.wait_until_done(market.application, workers[0], 240)
    assert workers[0].stop() == 0
    return Ran(market, model, folder, began_ms, killed_ms, traffic)


@pytest.fixture
def command(ran, monkeypatch, capsys):
    """Run a command of the program on the broker; return its exit code and what it printed."""
    monkeypatch.setenv("RISKSTREAM_TOKEN_KEY", KEY)
    monkeypatch.setenv("RISKSTREAM_BROKERS", ran.market.brokers)
    monkeypatch.setenv("RISKSTREAM_VISIBILITY_LAG_MS", str(LAG_MS))

    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def compare(ran, command, tmp_path):
    """Replay as logged what happened before ``to_ms`` and compare; return the code and report."""

    def run(to_ms, *options):
        to = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(to_ms // 1000)) + f".{to_ms % 1000:03}Z"
        begin, logged, replayed = "2020-01-01", tmp_path / "logged.parquet", tmp_path / "replayed"
        assert command("tail", "decisions", "--to", to, "--out", logged)[0] == 0
        assert command("replay", "--as-logged", "--from", begin, "--to", to,
                       "--model", ran.model, "--out", replayed)[0] == 0  # fmt: skip
        code, said = command("parity", "--logged", logged, "--replayed", replayed, "--json",
                             *options)  # fmt: skip
        return code, json.loads(said)

    return run


def differing(report, group: str) -> dict[str, int]:
    return {name: found["n"] for name, found in report[group].items() if found["n"]}


def test_a_paced_stream_is_computed_again_to_the_last_bit_shared_features_too(ran, compare):
    code, report = compare(ran.killed_ms, "--shared-too")
    assert {group: differing(report, group) for group in
            ("own_features", "shared_features", "scores", "action", "fields")} == {
        "own_features": {}, "shared_features": {}, "scores": {}, "action": {}, "fields": {},
    }  # fmt: skip
    assert code == 0
    assert report["n_judged"] == report["n_logged"] > 0.8 * PACED_S * PER_SECOND
    said = ran.market.decisions().values()
    assert sum(decided[0]["late"] for decided in said) > 5
    assert len(ran.traffic.labels) > 10
    assert ran.traffic.n_twice > 5
    assert sum(feature > 0 for feature in shared(said, "device_frauds_30d")) > 20
    assert sum(feature > 0 for feature in shared(said, "user_frauds")) > 20


def shared(said, name: str) -> list[float]:
    return [decided[-1]["features"][POSITION[name]] or 0.0 for decided in said]


def test_after_a_kill_everything_of_its_own_is_equal_and_what_came_late_is_counted(ran, compare):
    code, report = compare(now_ms() + HOUR_MS)
    assert code == 0
    assert not differing(report, "own_features")
    assert not differing(report, "scores")
    assert not differing(report, "action")
    assert report["n_logged"] == len(ran.market.events) == report["n_judged"]
    late = differing(report, "shared_features")
    print(f"shared features that differ after the outage: {late} of {report['n_judged']}")
    assert 0 < max(late.values()) < report["n_judged"] / 2


def test_a_replay_of_the_topics_is_a_backtest_of_the_same_records(ran, command, tmp_path):
    with write_records(tmp_path / "history.jsonl") as file:
        file.write([*ran.market.events, *ran.traffic.labels])
    times = ("--from", "2020-01-01", "--to", "2100-01-01", "--model", ran.model)
    history = ("--events", tmp_path / "history.jsonl", "--labels", tmp_path / "history.jsonl")
    assert command("replay", *times, "--out", tmp_path / "topics")[0] == 0
    code, said = command("backtest", *times, *history, "--out", tmp_path / "files")
    assert code == 0
    assert f"{len(ran.market.events):,} events decided" in said
    code, said = command("parity", "--logged", tmp_path / "topics", "--replayed",
                         tmp_path / "files", "--shared-too")  # fmt: skip
    assert code == 0, said
    read = [json.loads((tmp_path / of / "metrics.json").read_bytes()) for of in ("topics", "files")]
    assert read[0]["n"] == read[1]["n"]
    assert read[0]["n_fraud"] == read[1]["n_fraud"] > 10
    assert read[0]["roc_auc"] == pytest.approx(read[1]["roc_auc"], abs=1e-6)


def test_a_feature_that_reads_the_wall_clock_is_found_out(ran, compare, monkeypatch):
    compute = observe.compute_features

    def on_the_clock(known):
        features = compute(known)
        at = POSITION["account_age_days"]
        features[:, at] = time.time() / 86_400
        return features

    monkeypatch.setattr(observe, "compute_features", on_the_clock)
    code, report = compare(ran.killed_ms)
    assert code == 1
    assert list(differing(report, "own_features")) == ["account_age_days"]


def test_a_label_that_is_used_before_it_is_known_is_found_out(ran, compare, monkeypatch):
    decode = Decoder.labels

    def known_early(self, *args, **options):
        found = decode(self, *args, **options)
        found.batch.rows["known_ms"] -= AHEAD_MS + LAG_MS
        return found

    monkeypatch.setattr(Decoder, "labels", known_early)
    code, report = compare(ran.killed_ms, "--shared-too")
    assert code == 1
    assert {"user_frauds", "device_frauds_30d"} <= differing(report, "shared_features").keys()


def test_a_visibility_lag_that_is_left_out_is_found_out(ran, compare, monkeypatch):
    monkeypatch.setenv("RISKSTREAM_VISIBILITY_LAG_MS", "0")
    code, report = compare(ran.killed_ms, "--shared-too")
    assert code == 1
    assert differing(report, "shared_features")
    assert not differing(report, "own_features")
