"""The mission's page with the official engine: a synthetic dataset shaped like rasm, filled by 24
forks in 4 processes with region "auto", merged, committed once.

    page_program.py write PATH      page_program.py check PATH
"""

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor

import icechunk as ic
import numpy as np
import xarray as xr

TIMES, ROWS, COLUMNS = 24, 205, 275


def dataset():
    t, y, x = np.meshgrid(np.arange(TIMES), np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
    values = ((t * 1000 + y * 7 + x * 3) % 997) / 8
    values[(t + y + x) % 11 == 0] = np.nan
    y2, x2 = np.meshgrid(np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
    raw = xr.Dataset(
        {"Tair": (("time", "y", "x"), values, {"units": "C", "long_name": "synthetic"})},
        coords={
            "time": (
                "time",
                np.arange(TIMES, dtype="int64") * 30 + 715000,
                {"units": "days since 0001-01-01", "calendar": "noleap"},
            ),
            "xc": (("y", "x"), x2 * 0.25 + y2 * 0.5, {"units": "degrees_east"}),
            "yc": (("y", "x"), y2 * 0.25 - x2 * 0.5, {"units": "degrees_north"}),
        },
        attrs={"title": "synthetic, shaped like rasm"},
    )
    return xr.decode_cf(raw)


def repository(path):
    return ic.Repository.open_or_create(ic.local_filesystem_storage(path))


def fill(job):
    fork, index = job
    part = dataset().isel(time=[index]).drop_vars(["xc", "yc"])
    part.to_zarr(fork.store, region="auto", consolidated=False)
    return fork


def write(path):
    session = repository(path).writable_session("main")
    template = dataset()
    template["Tair"] = xr.full_like(template["Tair"], np.nan)  # Chunks of NaN are not written.
    encoding = {"Tair": {"chunks": (1, ROWS, COLUMNS)}}
    template.to_zarr(session.store, encoding=encoding, mode="w", consolidated=False)
    session.commit("initialised")
    session = repository(path).writable_session("main")
    fork = session.fork()
    # Not forked: the engine's threads would be missing in the children.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=4, mp_context=context) as executor:
        results = list(executor.map(fill, [(fork, index) for index in range(TIMES)]))
    session.merge(*results)
    print(session.commit("filled by 24 forks"))


def check(path):
    store = repository(path).readonly_session("main").store
    with xr.open_zarr(store, consolidated=False, chunks=None) as found:
        xr.testing.assert_identical(dataset(), found.load())
    print("identical")


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](sys.argv[2])
    sys.stdout.flush()
    # The engine's threads sometimes crash the interpreter while it shuts down.
    os._exit(0)
