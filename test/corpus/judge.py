"""xarray as the judge of a NetCDF file: a request a line on stdin, an answer a line on descriptor 3.

{"method": "judge", "params": {"file", "fileGroup"?, "shown"?, "copy"?, "group"?}}: "shown" is a
folder with the file as we open it (show.ts), "copy" a repository with our copy of it in a group. The answer has
texts, each empty where there is nothing to say: "refused", why xarray cannot open the file; "shown"
and "copy", what it finds different there; "own", what it finds different in a copy that it has made
itself, or why it cannot make one (asked only where ours is missing or differs).
"""

import json
import os
import sys
import warnings

answers = os.fdopen(3, "w", encoding="utf-8")
warnings.simplefilter("ignore")

import cftime  # noqa: E402
import icechunk as ic  # noqa: E402
import numpy as np  # noqa: E402
import xarray as xr  # noqa: E402

ic.set_logs_filter("error")
TEXT_MAX = 2000
# Durations stay numbers with us: docs/xarray.md.
OPTIONS = {"decode_timedelta": False}
# xarray multiplies times that are floats to nanoseconds, in floats; ours are exact.
FLOAT_TIME_STEP = np.timedelta64(256, "ns")


def said(error):
    return f"{type(error).__name__}: {error}"[:TEXT_MAX]


def difference(source, other):
    """Names, order of dimensions, attributes, values and types; encodings aside."""
    try:
        xr.testing.assert_identical(source, other)
    except AssertionError as error:
        return str(error)[:TEXT_MAX]
    for name, variable in source.variables.items():
        found = other.variables[name].dtype
        if variable.dtype != found and variable.dtype.kind in "biufc":
            return f"dtype of {name}: {variable.dtype} in the file, {found} in the other"
    return ""


def date_of(text, calendar):
    day, _, clock = text.partition("T")
    year, month, day = (int(part) for part in day.rsplit("-", 2))
    hour, minute, second = clock.split(":") if clock else ("0", "0", "0")
    second, _, fraction = second.partition(".")
    micros = int(fraction.ljust(6, "0")[:6])
    clock = (int(hour), int(minute), int(second), micros)
    return cftime.datetime(year, month, day, *clock, calendar=calendar)


def times_of(values, like):
    texts = values["values"]
    if like is not None and like.dtype.kind == "O":
        calendar = values["calendar"].lower()
        return [None if text == "NaT" else date_of(text, calendar) for text in texts]
    times = np.array(texts, dtype="datetime64[ns]")
    if like is None or like.dtype.kind != "M":
        return times
    theirs = like.values.ravel()
    near = np.abs(times - theirs.astype("datetime64[ns]")) <= FLOAT_TIME_STEP
    return np.where(near, theirs, times.astype(like.dtype))


def values_of(variable, data, like):
    values, kind = variable["values"], variable["values"]["kind"]
    if kind == "numbers":
        name = variable["dtype"]
        width = "float32" if name == "float16" else "uint8" if name == "bool" else name
        found = np.frombuffer(data[values["start"] : values["end"]], dtype=width)
        found = found.astype(name)
    elif kind == "strings":
        found = np.array(values["values"], dtype=object)
    elif kind == "bytes":
        found = np.array([bytes.fromhex(text) for text in values["values"]], dtype="S")
    else:
        found = np.empty(len(values["values"]), dtype=object)
        times = times_of(values, like)
        found = times if isinstance(times, np.ndarray) else found
        if found is not times:
            found[:] = times
    return found.reshape(variable["shape"])


def shown(folder, source):
    with open(os.path.join(folder, "shown.json"), encoding="utf-8") as file:
        description = json.load(file)
    with open(os.path.join(folder, "shown.bin"), "rb") as file:
        data = file.read()
    roles = {"variable": {}, "coordinate": {}}
    for variable in description["variables"]:
        name = variable["name"]
        values = values_of(variable, data, source.variables.get(name))
        roles[variable["role"]][name] = xr.Variable(
            variable["dims"], values, variable["attributes"]
        )
    made = xr.Dataset(roles["variable"], attrs=description["attributes"])
    return made.assign_coords(roles["coordinate"])


def compare(source, open_other):
    try:
        return difference(source, open_other())
    except Exception as error:  # What does not open is different as well.
        return said(error)


def stored(store, group):
    options = {"consolidated": False, "chunks": None, **OPTIONS}
    with xr.open_zarr(store, group=group, **options) as copy:
        return copy.load()


def ours(params):
    repository = ic.Repository.open(ic.local_filesystem_storage(params["copy"]))
    return stored(repository.readonly_session("main").store, params["group"])


def own_copy(source):
    try:
        session = ic.Repository.create(ic.in_memory_storage()).writable_session("main")
        source.to_zarr(session.store, group="own", mode="w", consolidated=False)
    except Exception as error:  # To be shown beside ours.
        return said(error)
    return compare(source, lambda: stored(session.store, "own"))


def judge(params):
    answer = {"refused": "", "shown": "", "copy": "", "own": ""}
    try:
        source = xr.open_dataset(params["file"], group=params.get("fileGroup"), **OPTIONS)
        source.load()
    except Exception as error:  # The judge does not read it either.
        return answer | {"refused": said(error)}
    with source:
        if "shown" in params:
            answer["shown"] = compare(source, lambda: shown(params["shown"], source))
        if "copy" in params:
            answer["copy"] = compare(source, lambda: ours(params))
        if "copy" not in params or answer["copy"]:
            answer["own"] = own_copy(source)
    return answer


for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"id": request["id"], "result": judge(request["params"])}
    except Exception as error:  # What the judge did not expect is the test's to show.
        answer = {"id": request["id"], "error": {"name": "judge", "message": said(error)}}
    print(json.dumps(answer), file=answers, flush=True)
