"""Runs a worker in this process from start to stop."""

import asyncio
import contextlib
import gc
import json
import logging
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from stream.metrics import Metrics
from stream.worker.allocator import give_back, trimmed
from stream.worker.app import WorkerApp, build_app
from stream.worker.away import KAFKA_FAILURES, told
from stream.worker.catchup import begin_filling, link_reader, wait_for_links, wait_for_states
from stream.worker.cluster import Cluster
from stream.worker.deadletters import EXIT_CODE as REFUSED
from stream.worker.deadletters import DeadLettersError
from stream.worker.failover import SCORE_THREAD
from stream.worker.folder import held_folder
from stream.worker.health import HealthServer
from stream.worker.linksink import LinkSink
from stream.worker.processor import Processor
from stream.worker.settings import WorkerSettings
from stream.worker.stages import Stages
from stream.worker.stopping import end_in_time
from stream.worker.watchdog import Watchdog, end_process
from topics.partial import replacing

FAILED = 70
"""Exit code of a worker that stopped by itself, EX_SOFTWARE of sysexits.h."""

SWITCH_S = 0.00005
"""How long a thread may keep the interpreter from others that wait for it: an event passes between
five threads on its way, and Python's 5 ms at each change are more than all the work on it."""

OUTPUTS = ("risk.decisions", "risk.alerts", "credit.scores", "risk.deadletter")

log = logging.getLogger(__name__)


def run(
    settings: WorkerSettings,
    processor: Processor,
    *,
    links: LinkSink | None = None,
    outputs: tuple[str, ...] = OUTPUTS,
) -> int:
    """Run a worker until SIGTERM or SIGINT and return its exit code, 0 after such a stop.

    ``links`` takes part in what partitions share, and ``outputs`` are the topics that the
    processor writes. Raises InputError for topics that are missing or do not fit, and for a folder
    or a port that another worker has. A Kafka that is away is no mistake: it ends the worker as it
    does later on. The process has to end then: if it has not in time, it is ended.
    """
    give_back()
    with held_folder(settings):
        try:
            cluster = Cluster(settings)
            cluster.prepare(outputs)
            with contextlib.suppress(ImportError):
                if settings.uvloop:
                    import uvloop  # noqa: PLC0415

                    # As the policy, because Faust's consumer thread makes a loop of its own.
                    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
            return asyncio.run(serve(settings, processor, links, outputs, cluster))
        except KAFKA_FAILURES as error:
            say_why(told(error, settings.brokers))
            return FAILED


async def serve(
    settings: WorkerSettings,
    processor: Processor,
    links: LinkSink | None,
    outputs: tuple[str, ...],
    cluster: Cluster,
) -> int:
    """Run a worker on the current event loop; see `run`."""
    loop = asyncio.get_running_loop()
    metrics, stages = Metrics(), Stages()
    compute = ThreadPoolExecutor(1, "compute", stages.register, ("hand over",))
    app = build_app(settings, processor, cluster, metrics, stages, compute)
    stages.register("event loop")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, app.finished.set)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(compute.shutdown)
        stack.callback(app.states.close)
        # Before anything may raise: a producer complains when it is forgotten, even one not begun.
        stack.push_async_callback(app.records.stop)
        if settings.http_port is not None:
            health = HealthServer(
                settings.http_host, settings.http_port, lambda: app.failure, app.problem,
                lambda: page(app),
            )  # fmt: skip
            health.start()
            stack.callback(health.stop)
            log.info("Health and metrics on http://%s:%d", settings.http_host, health.port)
        written = [settings.topic_prefix + topic for topic in outputs]
        await app.records.start([*written, settings.changelog, settings.links])
        filling = await asyncio.to_thread(begin_filling, settings, cluster)
        if filling is not None:
            stack.callback(filling.stop)
        if links is not None:
            reader = link_reader(settings, links, cluster, app, compute)
            await loop.run_in_executor(None, reader.start)
            stack.callback(reader.stop)
            await wait_for_links(reader, app, filling)
        await wait_for_states(filling, app)
        if not app.finished.is_set():
            await work(app)
            write_stats(app)
        else:
            end_in_time(settings.stop_timeout_s)
    if app.failure:
        say_why(app.failure)
        return REFUSED if isinstance(app.error, DeadLettersError) else FAILED
    return 0


def say_why(sentence: str) -> None:
    """Print why the worker stopped, as its last line."""
    print(f"The worker stopped: {sentence}", file=sys.stderr, flush=True)


async def work(app: WorkerApp) -> None:
    """Take part until the worker has to end, watched by the watchdog."""
    app.take_part()
    watchdog = Watchdog(app.settings.watchdog_s, app.progress, app.behind, end_process)
    watchdog.start()
    try:
        settle()
        with trimmed():
            await run_app(app)
    finally:
        watchdog.stop()


def settle() -> None:
    """Leave what was loaded out of all garbage collections, have fewer of them, and switch sooner.

    A batch makes tens of thousands of objects that are gone when it ends and hardly a cycle; with
    Python's defaults looking for cycles among them takes a tenth of the processor time.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def run_app(app: WorkerApp) -> None:
    """Start the application, wait until it has to end, and stop it."""
    await app.start()
    for thread in threading.enumerate():
        if thread is getattr(app.kafka._thread, "_thread", None):
            app.stages.register("consume", thread)
        if thread.name.startswith(SCORE_THREAD):
            app.stages.register("score", thread, since_now=True)
    finished = asyncio.ensure_future(app.finished.wait())
    crashed = asyncio.ensure_future(app.wait_until_stopped())
    again = asyncio.ensure_future(app.again.run())
    await asyncio.wait({crashed, finished, again}, return_when=asyncio.FIRST_COMPLETED)
    if again.done() and (error := again.exception()) is not None:
        app.fail(f"deciding degraded events again failed: {error}", error)
    again.cancel()
    if app.crash_reason is not None:
        app.fail(f"Faust stopped: {app.crash_reason!r}", app.crash_reason)
    end_in_time(app.settings.stop_timeout_s)
    app.stages.seconds()  # the consumer's thread is about to end, and its clock with it
    await app.stop()
    finished.cancel()
    crashed.cancel()


def page(app: WorkerApp) -> bytes:
    """Return the metrics page, with the gauges that are read when somebody asks."""
    for stage, seconds in app.stages.seconds().items():
        app.metrics.stage_seconds.labels(stage).set(seconds)
    app.metrics.state_bytes.set(app.states.n_bytes())
    app.metrics.recovered.set(app.states.n_recovered)
    app.metrics.stale.set(app.states.n_stale)
    return app.metrics.page()


def write_stats(app: WorkerApp) -> None:
    """Write what the worker did to ``stats_path``, if one is set."""
    path = app.settings.stats_path
    if path is None:
        return
    facts = {
        **app.counts,
        "process_cpu_s": time.process_time(),
        "worker_cpu_s": app.stages.total(),
        "stages_cpu_s": app.stages.seconds(),
        "recovered records": app.states.n_recovered,
        "stale records": app.states.n_stale,
        "rebuilt partitions": app.states.n_rebuilt,
        "offset gaps": app.kafka.n_gaps,
        "failure": app.failure,
        "samples": app.samples.facts(),
    }
    with replacing(path) as partial:
        partial.write_text(json.dumps(facts))
