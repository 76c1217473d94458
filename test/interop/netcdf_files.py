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


CASES = {}


def case(write):
    """A small NetCDF-4 file with one thing that readers may see otherwise than xarray."""
    CASES[write.__name__.replace("_", " ")] = write
    return write


def write_case(path, name):
    with netCDF4.Dataset(path, "w") as file:
        CASES[name](file)


def sizes(file, **dimensions):
    for name, size in dimensions.items():
        file.createDimension(name, size)


def chars(*rows):
    return np.array([list(row) for row in rows], "S1")


@case
def chars_with_a_coordinate(file):
    sizes(file, profile=2, level=3)
    variable(file, "level", "f4", ("level",), [1, 2, 3])
    variable(file, "flags", "S1", ("profile", "level"), chars("112", "941"))


@case
def chars_beside_numbers(file):
    sizes(file, profile=2, level=3)
    variable(file, "temperature", "f4", ("profile", "level"), [[1, 2, 3], [4, 5, 6]])
    variable(file, "flags", "S1", ("profile", "level"), chars("112", "941"))
    variable(file, "texts", "S1", ("profile", "level"), chars("abc", "de "), _Encoding="utf-8")


@case
def chars_turned(file):
    sizes(file, a=2, b=3)
    variable(file, "p", "S1", ("a", "b"), chars("112", "941"))
    variable(file, "q", "S1", ("b", "a"), chars("11", "29", "41"))


@case
def chars_that_are_strings(file):
    sizes(file, x=2, length=3, one=1, zero=None)
    variable(file, "names", "S1", ("x", "length"), chars("abc", "de "))
    variable(file, "letters", "S1", ("x", "one"), chars("a", "b"))
    variable(file, "nothing", "S1", ("x", "zero"))
    variable(file, "scalar", "S1", (), np.array(b"x", "S1"))


@case
def coordinates_of_two_dimensions(file):
    sizes(file, lat=2, lon=3)
    variable(file, "lat", "f4", ("lat", "lon"), [[1, 2, 3], [4, 5, 6]])
    variable(file, "lon", "f4", ("lat", "lon"), [[1, 2, 3], [4, 5, 6]])
    variable(file, "t", "f4", ("lat", "lon"), [[1, 2, 3], [4, 5, 6]], coordinates="lat lon")


@case
def names_of_stations(file):
    sizes(file, station=2, time=None, length=4)
    variable(file, "station", "S1", ("station", "length"), chars("abcd", "ef  "))
    variable(file, "time", "f8", ("time",), [1, 2, 3])
    variable(file, "t", "f4", ("time", "station"), [[1, 2], [3, 4], [5, 6]])


@case
def coordinates_written_last(file):
    sizes(file, x=2)
    variable(file, "t", "f4", ("x",), [1, 2])
    sizes(file, y=3)
    variable(file, "u", "f4", ("y", "x"), [[1, 2], [3, 4], [5, 6]])
    variable(file, "y", "f4", ("y",), [1, 2, 3])
    variable(file, "x", "f4", ("x",), [1, 2])


@case
def a_dimension_twice(file):
    sizes(file, time=2)
    variable(file, "time", "f4", ("time",), [1, 2])
    variable(file, "covariance", "f4", ("time", "time"), [[1, 2], [3, 4]])


@case
def values_without_dimensions(file):
    for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"):
        variable(file, kind, kind, (), 3)
    variable(file, "text", str, (), np.array("höhe", object))
    variable(file, "empty", str, (), np.array("", object))


@case
def values_never_written(file):
    sizes(file, x=3, time=None)
    for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", "S1"):
        variable(file, kind, kind, ("x",))
    variable(file, "text", str, ("x",))
    variable(file, "scalar", str, ())
    variable(file, "filled", "i2", ("x",), fill=-5)
    variable(file, "growing", "f8", ("time", "x"))


@case
def attributes_of_every_type(file):
    sizes(file, x=2)
    x = variable(file, "x", "f4", ("x",), [1, 2], empty="", nul="a\0b", numbers=np.array([], "i4"))
    for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"):
        x.setncattr(f"one_{kind}", np.array(3, kind))
        x.setncattr(f"two_{kind}", np.array([3, 4], kind))
    x.setncattr_string("text", "é")
    x.setncattr_string("texts", ["a", "", "é"])


@case
def enumerated_values(file):
    sizes(file, x=3)
    sky = file.createEnumType(np.uint8, "sky", {"clear": 0, "cloudy": 1, "missing": 255})
    variable(file, "filled", sky, ("x",), np.array([0, 1, 255], "u1"), fill=255)
    variable(file, "scalar", sky, (), np.array(1, "u1"))


@case
def unsigned_in_many_spellings(file):
    sizes(file, x=3)
    for says in ("true", "True", "TRUE", "false", "False", "1", "yes"):
        for kind, fill in (("i1", -1), ("u1", 255)):
            values = [1, fill, 200 if kind == "u1" else -56]
            variable(file, f"{kind}_{says}", kind, ("x",), values, _Unsigned=says)
            variable(file, f"{kind}_{says}_f", kind, ("x",), values, fill=fill, _Unsigned=says)
    variable(file, "number", "i1", ("x",), [1, -1, -56], _Unsigned=np.int8(1))
    variable(file, "wide", "i1", ("x",), [1, -1, -56], _Unsigned="true", missing_value=np.int16(255))


@case
def missing_values_that_are_texts(file):
    sizes(file, x=3)
    variable(file, "whole", "i2", ("x",), [1, 2, 3], missing_value="-999")
    variable(file, "float", "f4", ("x",), [1, 2, 3], missing_value="N/A")
    variable(file, "filled", "f4", ("x",), [1, 2, 3], fill=2.0, missing_value="N/A")


@case
def groups(file):
    sizes(file, x=2, time=None)
    variable(file, "x", "f4", ("x",), [1, 2])
    variable(file, "short", "i4", ("time",), [1])
    inner = file.createGroup("inner")
    sizes(inner, y=3)
    inner.note = "inner"
    variable(inner, "a", "i4", ("x", "y"), [[1, 2, 3], [4, 5, 6]])
    variable(inner, "long", "i4", ("time",), [1, 2, 3, 4])
    deep = inner.createGroup("deep")
    sizes(deep, x=5)
    variable(deep, "b", "i4", ("x", "y"), np.arange(15).reshape(5, 3))
    variable(deep, "c", "S1", ("y",), np.array([b"a", b"b", b"c"]))
