"""Whether xarray finds a repository identical to a NetCDF file: check_file.py PATH FILE"""

import os
import sys

import icechunk as ic
import xarray as xr

path, file = sys.argv[1:]
store = ic.Repository.open(ic.local_filesystem_storage(path)).readonly_session("main").store
with xr.open_dataset(file) as source:
    with xr.open_zarr(store, consolidated=False, chunks=None) as found:
        xr.testing.assert_identical(source.load(), found.load())
print("identical", flush=True)
# The engine's threads sometimes crash the interpreter while it shuts down.
os._exit(0)
