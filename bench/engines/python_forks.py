"""Forks on the official Python engine: the phases of cases/forks.mjs, and some of cases/merges.mjs.

Argument: JSON {"name", "phase", "size", "folder", "boundSeconds"}. Last line of stdout: JSON of what
was measured.
"""

import asyncio
import json
import os
import pickle
import subprocess
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import icechunk as ic  # noqa: E402

ic.set_logs_filter("error")
FILE_REFS = 100
SAMPLE = 1000
run = json.loads(sys.argv[1])
size, folder = run["size"], Path(run["folder"])
if run["name"] == "forks":
    forks, refs, side = size["forks"], size["refs"], size["side"]
    shape = [refs // side, side]
else:
    shape = [size["n"], 100]


def length_at(at):
    return 1000 + at % 1000


def ref_at(at):
    return ic.VirtualChunkSpec(
        index=[at // side, at % side],
        location=f"s3://bucket/data/2020/f{at // FILE_REFS:05}.nc",
        offset=(at % FILE_REFS) * 4096 + 100,
        length=length_at(at),
    )


def storage():
    return ic.local_filesystem_storage(str(folder / "repository"))


def timed(work):
    began = time.perf_counter()
    result = work()
    return (time.perf_counter() - began) * 1000, result


async def set_documents(store):
    from zarr.core.buffer import cpu

    async def put(key, document):
        await store.set(key, cpu.Buffer.from_bytes(json.dumps(document).encode()))

    await put("zarr.json", {"zarr_format": 3, "node_type": "group"})
    grid = {"name": "regular", "configuration": {"chunk_shape": [1, 1]}}
    encoding = {"name": "default", "configuration": {"separator": "/"}}
    array = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": "uint8",
        "chunk_grid": grid,
        "chunk_key_encoding": encoding,
        "fill_value": 0,
        "codecs": [{"name": "bytes"}],
        "attributes": {},
    }
    await put("a/zarr.json", array)


def reread_sample(repository):
    store = repository.readonly_session("main").store

    async def read():
        last = max(1, min(SAMPLE, refs) - 1)
        for n in range(min(SAMPLE, refs)):
            at = n * (refs - 1) // last
            key = f"a/c/{at // side}/{at % side}"
            found = await store.getsize(key)
            if found != length_at(at):
                raise RuntimeError(f"{key}: found {found}, expected {length_at(at)}")

    asyncio.run(read())


def create_with_array(storage):
    repository = ic.Repository.create(storage)
    session = repository.writable_session("main")
    asyncio.run(set_documents(session.store))
    session.commit("an empty array")
    return repository


def coordinate():
    repository = create_with_array(storage())

    def send():
        session = repository.writable_session("main")
        for fork in range(forks):
            (folder / f"sent-{fork}").write_bytes(pickle.dumps(session.fork()))
        return session

    fork_ms, session = timed(send)
    worker = json.dumps({**run, "phase": "work"})
    subprocess.run(
        [sys.executable, __file__, worker],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=run["boundSeconds"],
    )
    returned_bytes = 0

    def merge():
        nonlocal returned_bytes
        for fork in range(forks):
            data = (folder / f"returned-{fork}").read_bytes()
            returned_bytes += len(data)
            session.merge(pickle.loads(data))

    merge_ms, _ = timed(merge)
    commit_ms, _ = timed(lambda: session.commit("merged forks"))
    reread_ms, _ = timed(lambda: reread_sample(repository))
    return {
        "forkMs": fork_ms,
        "mergeMs": merge_ms,
        "commitMs": commit_ms,
        "rereadMs": reread_ms,
        "totalMs": fork_ms + merge_ms + commit_ms,
        "bytesPerRef": returned_bytes / refs,
    }


def work():
    per_fork = refs // forks
    for fork in range(forks):
        session = pickle.loads((folder / f"sent-{fork}").read_bytes())
        start = fork * per_fork
        chunks = [ref_at(start + at) for at in range(per_fork)]
        refused = session.store.set_virtual_refs("a", chunks, validate_containers=False)
        if refused:
            raise RuntimeError(f"{len(refused)} references were refused")
        (folder / f"returned-{fork}").write_bytes(pickle.dumps(session))
    return {}


def reread():
    check_ms, _ = timed(lambda: reread_sample(ic.Repository.open(storage())))
    return {"checkMs": check_ms}


def written_forks(session, count, refs):
    for row in range(count):
        fork = session.fork()
        chunks = [
            ic.VirtualChunkSpec(
                index=[row, column],
                location="s3://bucket/data/2020/f00000.nc",
                offset=row * 4096 + column,
                length=100,
            )
            for column in range(refs)
        ]
        fork.store.set_virtual_refs("a", chunks, validate_containers=False)
        yield fork


def merge_forks(refs, merge):
    session = create_with_array(ic.in_memory_storage()).writable_session("main")
    forks = list(written_forks(session, size["n"], refs))
    ms, _ = timed(lambda: merge(session, forks))
    last = asyncio.run(session.store.getsize(f"a/c/{size['n'] - 1}/0"))
    if last != 100:
        raise RuntimeError(f"the last fork's chunk has {last} bytes")
    return {"ms": ms}


def merge_one_by_one():
    def merge(session, forks):
        for fork in forks:
            session.merge(fork)

    return merge_forks(size["refs"], merge)


def merge_at_once():
    return merge_forks(1, lambda session, forks: session.merge(*forks))


def peak_bytes():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    return 0


PHASES = {
    ("forks", "coordinate"): coordinate,
    ("forks", "work"): work,
    ("forks", "reread"): reread,
    ("merge-one-by-one", "go"): merge_one_by_one,
    ("merge-at-once", "go"): merge_at_once,
}
measured = PHASES[run["name"], run["phase"]]()
cpu_ms = time.process_time() * 1000
print(json.dumps({**measured, "cpuMs": cpu_ms, "peakBytes": peak_bytes()}), flush=True)
# The engine's threads sometimes crash the interpreter while it shuts down.
os._exit(0)
