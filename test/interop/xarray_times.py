"""What xarray decodes times to: the answers of test/data/xarray-times.json."""

import warnings

import numpy as np
import xarray as xr


def text_of(time):
    """A time as ISO text, years counted with a year 0 only in calendars that have one."""
    if isinstance(time, np.datetime64):
        if np.isnat(time):
            return "NaT"
        text, _, fraction = np.datetime_as_string(time).partition(".")
        fraction = fraction.rstrip("0")
    else:
        sign = "-" if time.year < 0 else ""
        text = f"{sign}{abs(time.year):04d}-{time.month:02d}-{time.day:02d}"
        text += f"T{time.hour:02d}:{time.minute:02d}:{time.second:02d}"
        fraction = f"{time.microsecond:06d}".rstrip("0")
    return f"{text}.{fraction}" if fraction else text


def decode_times(units, calendar, dtype, values):
    """Texts of the times; "numbers" where xarray sees none, None where it refuses the file."""
    attributes = {"units": units} if calendar is None else {"units": units, "calendar": calendar}
    values = np.array([np.nan if value is None else value for value in values], dtype=dtype)
    dataset = xr.Dataset({"t": ("x", values, attributes)})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            times = xr.decode_cf(dataset)["t"]
            return "numbers" if "units" in times.attrs else [text_of(time) for time in times.values]
    except Exception:  # Of many kinds; that it is one is the answer.
        return None


def stale_answers(table):
    """The rows of a table of which xarray says something else now, with what it says."""
    stale = []
    for reference, recorded in table["references"].items():
        answers = [
            decode_times(f"days since {reference}", calendar, "int64", [0])
            for calendar in table["calendars"]
        ]
        answers = [answer and answer[0] for answer in answers]
        if answers != recorded:
            stale.append([reference, answers])
    for *question, recorded in table["times"]:
        answer = decode_times(*question)
        if answer != recorded:
            stale.append([*question, answer])
    return stale
