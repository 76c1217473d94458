"""A writer of the ledger that is the official engine: as `worker.ts`, for S3 alone.

Arguments: the storage's address as JSON, log file, writer, commits. Odd commits rebase by its
solver that keeps its own writes, even ones are made again on the branch's tip. Its bytes, keys and
messages are those of `plan.ts`.
"""

import asyncio
import json
import os
import re
import sys
import warnings

warnings.simplefilter("ignore")

import icechunk as ic  # noqa: E402
from zarr.core.buffer import default_buffer_prototype  # noqa: E402

ic.set_logs_filter("error")
INLINE_BYTES = 24
NATIVE_BYTES = 900
TRIES_MAX = 200

address = json.loads(sys.argv[1])
log_path, writer, commits = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
buffer_of = default_buffer_prototype().buffer.from_bytes


def announce(line):
    os.write(1, f"{line}\n".encode())


def acknowledged():
    if not os.path.exists(log_path):
        return 0
    with open(log_path, encoding="utf-8") as log:
        return len(re.findall(r"^ack \d+ [0-9A-Z]{20}\n", log.read(), re.MULTILINE))


def append(log, line):
    os.write(log, f"{line}\n".encode())
    os.fsync(log)


def ledger_bytes(index):
    length = INLINE_BYTES if index % 2 == 1 else NATIVE_BYTES
    return bytes((writer * 53 + index * 7 + i) % 256 for i in range(length))


def commit_once(repository, index):
    session = repository.writable_session("main")
    key = f"ledger/c/{writer}/{index}"
    asyncio.run(session.store.set(key, buffer_of(ledger_bytes(index))))
    message = f"writer {writer} commit {index}"
    if index % 2 == 0:
        return session.commit(message)
    solver = ic.BasicConflictSolver(on_chunk_conflict=ic.VersionSelection.UseOurs)
    return session.commit(message, rebase_with=solver)


def open_repository():
    return ic.Repository.open(
        ic.s3_storage(
            bucket=address["bucket"],
            prefix="ledger",
            region="us-east-1",
            endpoint_url=address["url"],
            allow_http=True,
            force_path_style=True,
            access_key_id=address["accessKeyId"],
            secret_access_key=address["secretAccessKey"],
        )
    )


def persistently(attempt):
    for tries in range(1, TRIES_MAX + 1):
        try:
            return attempt()
        except (ic.IcechunkError, ic.ConflictError) as error:
            if tries == TRIES_MAX:
                raise
            announce(f"failed {type(error).__name__}")


def begin_and_commit(repository, log, index):
    append(log, f"begin {index}")
    announce(f"begin {index}")
    return commit_once(repository, index)


done = acknowledged()
log = os.open(log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
repository = persistently(open_repository)
for index in range(done, commits):
    snapshot_id = persistently(lambda: begin_and_commit(repository, log, index))
    append(log, f"ack {index} {snapshot_id}")
    announce(f"ack {index}")
