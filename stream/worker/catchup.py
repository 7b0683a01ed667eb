"""Reads what a worker needs to know before it takes part: links, and a new folder's states."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from stream.worker.app import WorkerApp
from stream.worker.cluster import Cluster
from stream.worker.filling import FILLED, Filling
from stream.worker.links import LinkReader
from stream.worker.linksink import LinkSink
from stream.worker.settings import WorkerSettings

LINKS_TIMEOUT_S = 600.0
LOOK_EVERY_S = 0.02


def link_reader(
    settings: WorkerSettings,
    sink: LinkSink,
    cluster: Cluster,
    app: WorkerApp,
    compute: ThreadPoolExecutor,
) -> LinkReader:
    """Return the reader of the links topic."""
    return LinkReader(
        settings.brokers,
        settings.links,
        settings.partitions,
        cluster.lives([settings.links])[settings.links],
        settings.folder / "links",
        sink,
        compute,
        app.stages,
        app.fail,
        app.metrics.links.inc,
        app.metrics.links_lag.set,
        load_from_bytes=settings.load_from_bytes,
    )


def begin_filling(settings: WorkerSettings, cluster: Cluster) -> Filling | None:
    """Begin to fill the local stores where that is due; the embedded broker forgets too much."""
    if settings.embedded_broker:
        return None
    topic = settings.changelog
    life = cluster.lives([topic])[topic]
    return Filling.begin(settings.brokers, topic, life, settings.folder, settings.fill_from_records)


def look_at(filling: Filling | None, app: WorkerApp) -> None:
    """Hear how far a filling is, or it would wait; end the worker where it cannot go on."""
    if filling is not None:
        try:
            filling.poll()
        except RuntimeError as error:
            app.fail(str(error), error)


async def wait_for_states(filling: Filling | None, app: WorkerApp) -> None:
    """Wait until the stores are filled, or the worker has to end; note that the folder is."""
    if filling is not None:
        filling.finish()
        while not filling.done and not app.finished.is_set():
            look_at(filling, app)
            app.starting = f"{filling.doing} states, {filling.n_read:,} of {filling.n_wanted:,}"
            await asyncio.sleep(LOOK_EVERY_S)
    if app.finished.is_set():
        return
    if filling is not None:
        app.states.n_recovered += filling.n_read
        app.states.n_stale += filling.n_stale
    (app.settings.folder / FILLED).touch()


async def wait_for_links(
    reader: LinkReader,
    app: WorkerApp,
    filling: Filling | None = None,
    timeout_s: float = LINKS_TIMEOUT_S,
) -> None:
    """Wait until the links that were there at the start are known, or the worker has to end.

    It has to where no record comes for ``timeout_s`` seconds.
    """
    n_seen, seen_s = -1, 0.0
    while not reader.caught_up and not app.finished.is_set():
        look_at(filling, app)
        n_read, n_wanted = reader.advance()
        if n_read > n_seen:
            n_seen, seen_s = n_read, time.monotonic()
        app.starting = f"reading links, {n_read:,} of {n_wanted:,}"
        if reader.sorting:
            app.starting = f"sorting links, all {n_wanted:,} records are read"
        elif time.monotonic() - seen_s > timeout_s:
            app.fail(
                f"nothing came from the topic {app.settings.links} for {timeout_s:g} s, {n_read:,} "
                f"of {n_wanted:,} records were read; look at the brokers, and start the worker "
                "again: it goes on from what it has stored"
            )
        await asyncio.sleep(LOOK_EVERY_S)
