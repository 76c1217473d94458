"""Datasets that xarray and icefloe are compared on. Every name has its twin in xarray-cases.ts."""

import numpy as np
import xarray as xr

NAN = np.nan


def one(values, dims=("x",), attrs=None, encoding=None, coords=None, dataset_attrs=None):
    variable = xr.Variable(dims, values, attrs or {}, encoding or {})
    return xr.Dataset({"v": variable}, coords=coords or {}, attrs=dataset_attrs or {})


def numbers(name):
    return lambda: one(np.array([0, 1, 2, 100], dtype=name))


def floats(name):
    return lambda: one(np.array([0.0, -1.5, NAN, 6.0], dtype=name))


def packed(dtype, scale, offset, fill, values):
    encoding = {"dtype": dtype}
    if scale is not None:
        encoding["scale_factor"] = scale
    if offset is not None:
        encoding["add_offset"] = offset
    if fill is not None:
        encoding["_FillValue"] = fill
    # Integers that are only masked are decoded to single precision, up to 16 bits.
    kind = "float32" if scale is None and offset is None else "float64"
    return lambda: one(np.array(values, dtype=kind), encoding=encoding)


def times(values, units, calendar, dtype="int64", fill=None):
    """A time coordinate as if it had been read from a file with these units."""

    def build():
        attrs = {"units": units, "calendar": calendar}
        if fill is not None:
            attrs["_FillValue"] = np.dtype(dtype).type(fill)
        raw = xr.Dataset(
            {"v": ("time", np.arange(len(values), dtype="float64"))},
            coords={"time": ("time", np.array(values, dtype=dtype), attrs)},
        )
        return xr.decode_cf(raw)

    return build


def dates(*texts, calendar=None):
    def build():
        index = np.array(texts, dtype="datetime64[ns]")
        dataset = xr.Dataset(
            {"v": ("time", np.arange(len(texts), dtype="float64"))}, coords={"time": index}
        )
        if calendar is not None:
            dataset.time.encoding["calendar"] = calendar
        return dataset

    return build


def grid():
    y, x = np.arange(3, dtype="float64"), np.arange(4, dtype="float64") * 10
    return xr.Dataset(
        {
            "t": (("time", "y", "x"), np.arange(24, dtype="float32").reshape(2, 3, 4)),
            "area": (("y", "x"), np.ones((3, 4))),
            "scalar": ((), 2.5),
        },
        coords={
            "time": ("time", np.array([10, 20], dtype="int64"), {"long_name": "time"}),
            "xc": (("y", "x"), y[:, None] + x[None, :], {"units": "degrees"}),
            "yc": (("y", "x"), y[:, None] - x[None, :]),
            "ref": ((), np.int64(7)),
        },
        attrs={"title": "grid"},
    )


def lonely_coordinate():
    return xr.Dataset(
        {"v": ("x", np.arange(3, dtype="float64"))},
        coords={"other": ("y", np.arange(2, dtype="float64")), "x": np.arange(3)},
    )


def coordinates_only():
    return xr.Dataset(coords={"x": np.arange(3), "label": ("x", np.array(["a", "b", "c"], object))})


def bounds():
    raw = xr.Dataset(
        {
            "v": ("time", np.array([1.0, 2.0])),
            "time_bnds": (("time", "nv"), np.array([[0, 1], [1, 2]], dtype="int64")),
        },
        coords={
            "time": (
                "time",
                np.array([0, 1], dtype="int64"),
                {"units": "days since 2000-01-01", "calendar": "noleap", "bounds": "time_bnds"},
            )
        },
    )
    return xr.decode_cf(raw)


def attributes():
    attrs = {
        "text": "höhe °C",
        "number": 2.5,
        "whole": 2.0,
        "integer": 7,
        "big": 2**60,
        "list": [1, 2, 3],
        "floats": [0.5, 2.0],
        "texts": ["a", "b"],
        "flag": True,
        "nothing": None,
        "nested": {"a": {"b": [1, "x"]}},
        "ümlaut name": "x",
        "empty": "",
    }
    return one(np.arange(3.0), attrs=attrs, dataset_attrs=attrs)


def unicode_names():
    return xr.Dataset(
        {"größe": (("straße",), np.arange(3.0)), "気温": (("straße",), np.arange(3))},
        coords={"straße": np.array([1.5, 2.5, 3.5])},
    )


def odd_names():
    return xr.Dataset({"c": ("0", np.arange(2.0)), ".x": ("0", np.arange(2)), "a b": ("0", [1, 2])})


def unsigned():
    raw = one(
        np.array([0, -56, -1], dtype="int8"), attrs={"_Unsigned": "true", "_FillValue": np.int8(-1)}
    )
    return xr.decode_cf(raw)


def missing_only():
    raw = one(np.array([1, -100, 3], dtype="int8"), attrs={"missing_value": np.int8(-100)})
    return xr.decode_cf(raw)


def masked_float(name, fill):
    def build():
        dtype = np.dtype(name)
        values = np.array([1.5, NAN, -2.0], dtype=dtype)
        return one(values, encoding={"_FillValue": dtype.type(fill)})

    return build


def negative_zero():
    return one(np.array([0.0, -0.0, np.inf, -np.inf]))


def object_coordinate():
    return xr.Dataset(
        {"v": ("station", np.arange(3.0))},
        coords={"station": np.array(["köln", "b", ""], dtype=object)},
    )


CASES = {
    **{f"number {name}": numbers(name) for name in ("int8", "int16", "int32", "int64")},
    **{f"number {name}": numbers(name) for name in ("uint8", "uint16", "uint32", "uint64")},
    **{f"float {name}": floats(name) for name in ("float16", "float32", "float64")},
    "bool": lambda: one(np.array([True, False, True])),
    "int64 beyond doubles": lambda: one(np.array([2**60 + 1, -(2**62) - 3, 0])),
    "uint64 beyond int64": lambda: one(np.array([2**64 - 1, 2**63], dtype="uint64")),
    "string": lambda: one(np.array(["a", "höhe", "", "🙂 end"], dtype=object)),
    "string of fixed width": lambda: one(np.array(["a", "höhe", "", "🙂"])),
    "bytes of fixed width": lambda: one(np.array([b"ab", b"", b"xyz "], dtype="S4")),
    "scalar float": lambda: one(np.float64(2.5), dims=()),
    "scalar zero": lambda: one(np.int64(0), dims=()),
    "scalar string": lambda: one(np.array("text", dtype=object), dims=()),
    "empty dimension": lambda: one(np.zeros((0, 3)), dims=("x", "y")),
    "uneven chunks": lambda: one(
        np.arange(35, dtype="int32").reshape(5, 7), dims=("y", "x"), encoding={"chunks": (2, 3)}
    ),
    "all fill": lambda: one(np.full(4, NAN)),
    "fill chunks between": lambda: one(
        np.array([1, 2, 0, 0, 5, 6], dtype="int16"), encoding={"chunks": (2,)}
    ),
    "negative zero": negative_zero,
    "float fill -999": masked_float("float64", -999),
    "float32 fill 1e20": masked_float("float32", 1e20),
    "no fill": lambda: one(np.array([1.0, 2.0]), encoding={"_FillValue": None}),
    "missing value only": missing_only,
    "unsigned bytes": unsigned,
    "packed int16": packed("int16", 0.25, 273.5, -32768, [273.5, 300.0, NAN, 250.25]),
    "packed uint8 scale": packed("uint8", 0.5, None, 255, [0.0, 1.5, NAN, 127.0]),
    "packed int32 offset": packed("int32", None, 100.0, -1, [100.0, 101.0, NAN, 0.0]),
    "packed whole scale": packed("int16", 2.0, 1.0, -1, [1.0, 3.0, NAN, 101.0]),
    "masked int16": packed("int16", None, None, -9, [1.0, NAN, 3.0]),
    "dates daily": dates("2013-01-01", "2013-01-02", "2013-01-05"),
    "dates hourly": dates("2013-01-01T03", "2013-01-01T09"),
    "dates one": dates("2013-05-01T10:30"),
    "dates milliseconds": dates("2013-01-01T00:00:00.001", "2013-01-01T00:00:00.004"),
    "dates as standard": dates("1900-03-01", "2013-01-02", calendar="standard"),
    "dates as gregorian": dates("2013-01-01T06", "2013-01-01T12", calendar="gregorian"),
    "time of 1992": times([0, 6], "hours since 1992-10-8 15:15:42.5 -6:00", "standard"),
    "time of a day in digits": times([0, 6], "hours since 20000101", "gregorian"),
    "time of January": times([0, 1], "days since 01-JAN-1990 00:00:00", "proleptic_gregorian"),
    "time int days": times([0, 1, 2], "days since 2000-01-01", "standard"),
    "time int hours": times([0, 6, 12], "hours since 2000-01-01 12:00:00", "proleptic_gregorian"),
    "time float fraction": times([0.5, 1.25], "days since 2000-01-01", "gregorian", "float64"),
    "time with zone": times([0, 1], "hours since 2000-01-01 00:00:00 +02:00", "standard"),
    "time int32 fill": times([0, -1, 2], "days since 2000-01-01", "standard", "int32", -1),
    "time noleap float": times([722608.5, 722639.0], "days since 0001-01-01", "noleap", "float64"),
    "time 360_day": times([0, 59, 360], "days since 2000-01-30", "360_day"),
    "time all_leap": times([0, 59, 366], "days since 2001-01-01", "all_leap"),
    "time julian": times([0, 59], "days since 1500-02-28", "julian"),
    "time before 1582": times([0, 59], "days since 1200-02-28", "standard"),
    "grid with coordinates": grid,
    "coordinate of no variable": lonely_coordinate,
    "coordinates only": coordinates_only,
    "string coordinate": object_coordinate,
    "time bounds": bounds,
    "attributes": attributes,
    "unicode names": unicode_names,
    "odd names": odd_names,
    "nothing at all": lambda: xr.Dataset(attrs={"title": "empty"}),
}


def describe_difference(a, b):
    """Empty if both are identical, else xarray's words."""
    try:
        xr.testing.assert_identical(a, b)
    except AssertionError as error:
        return str(error)
    return ""
