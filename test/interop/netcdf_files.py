"""NetCDF files with everything in them that readers trip over, written by the official library."""

import netCDF4
import numpy as np


def write(path, format):
    """One file of that format: NETCDF3_CLASSIC, NETCDF3_64BIT_OFFSET, NETCDF3_64BIT_DATA, NETCDF4."""
    with netCDF4.Dataset(path, "w", format=format) as file:
        file.title = "höhe"
        file.numbers = np.array([1, 2, 3], dtype="int16")
        file.single = np.float32(0.1)
        file.createDimension("time", None)
        file.createDimension("x", 3)
        file.createDimension("nv", 2)
        file.createDimension("string5", 5)
        file.createDimension("unused", 7)
        common(file)
        if format == "NETCDF4":
            only_netcdf4(file)
        if format in ("NETCDF4", "NETCDF3_64BIT_DATA"):
            wide_integers(file)


def variable(file, name, kind, dims, values=None, fill=None, **attributes):
    made = file.createVariable(name, kind, dims, fill_value=fill)
    made.set_auto_maskandscale(False)
    made.set_auto_chartostring(False)
    made.setncatts(attributes)
    if values is not None:
        values = np.asarray(values)
        made[tuple(slice(0, size) for size in values.shape) or ...] = values
    return made


def common(file):
    variable(file, "time", "f8", ("time",), [0.5, 1.5], units="days since 2000-01-01",
             calendar="noleap", bounds="time_bnds")  # fmt: skip
    variable(file, "time_bnds", "f8", ("time", "nv"), [[0, 1], [1, 2]])
    variable(file, "x", "f4", ("x",), [0.1, 0.2, 0.3], units="m")
    variable(file, "bytes", "i1", ("time", "x"), [[-4, -3, -2], [-1, 0, 1]])
    variable(file, "shorts", "i2", ("time",), [7, -8])
    variable(file, "chars", "S1", ("x", "string5"),
             netCDF4.stringtochar(np.array(["ab", "cde  ", "f"], "S5")))  # fmt: skip
    utf8 = np.array([text.encode() for text in ["hö", "b", ""]], dtype="S5")
    texts = variable(file, "texts", "S1", ("x", "string5"))
    texts[:] = utf8.view("S1").reshape(3, 5)
    texts.setncattr("_Encoding", "utf-8")
    variable(file, "packed", "i2", ("time", "x"), [[1, 2, -9], [4, 5, 6]], fill=-9,
             scale_factor=0.25, add_offset=100.0)  # fmt: skip
    variable(file, "masked", "i1", ("x",), [1, -100, 3], missing_value=np.int8(-100))
    variable(file, "both", "f4", ("x",), [1, -1, 3], fill=-1.0, missing_value=np.float32(-1))
    variable(file, "defaults", "f4", ("x",), [1, netCDF4.default_fillvals["f4"], 3])
    variable(file, "unsigned", "i1", ("x",), [0, -56, -1], fill=-1, _Unsigned="true")
    variable(file, "listed", "f8", ("x",), [1, 2, 3], coordinates="lon ref")
    variable(file, "lon", "f8", ("x",), [10, 20, 30])
    variable(file, "ref", "i4", (), 7)
    variable(file, "flag", "i1", ("x",), [0, 1, 1], dtype="bool")
    variable(file, "one", "i4", ("x",), [1, 2, 3], attribute=np.array([5], dtype="i4"))


def only_netcdf4(file):
    variable(file, "strings", str, ("x",), np.array(["é", "b", ""], dtype=object))
    short = variable(file, "short", "i2", ("time", "x"), fill=-5)
    short[0:1] = [[1, 2, 3]]
    never = variable(file, "never", "f4", ("time", "x"))
    never[0:1] = [[1, 2, 3]]
    kind = file.createEnumType(np.int8, "kind", {"a": 0, "b": 1})
    variable(file, "enum", kind, ("x",), np.array([0, 1, 1], dtype="i1"))
    variable(file, "nv", "f4", ("time", "nv"), [[1, 2], [3, 4]])
    big = file.createVariable("big", "i4", ("x",), endian="big", zlib=True, shuffle=True)
    big[:] = [1, 2, 3]
    file.setncattr_string("words", ["a", "bb"])
    group = file.createGroup("inner")
    group.createVariable("hidden", "i4", ("x",))


def wide_integers(file):
    variable(file, "int64", "i8", ("x",), np.array([2**60 + 1, -(2**62), 0]))
    variable(file, "uint64", "u8", ("x",), np.array([2**64 - 1, 2**63, 0], dtype="u8"))
    variable(file, "uint8", "u1", ("x",), np.array([255, 128, 0], dtype="u1"))
