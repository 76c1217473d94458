/** The dataset of daily.ts: hours of a small world, and the model that makes them. */
import { Dataset } from "icefloe/dataset";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** The first hour of the dataset. Later hours come when a job needs them. */
export const START = Date.parse("2024-01-01");

const [ROWS, COLUMNS] = [45, 90];

/** Chosen once, when the first job makes the arrays. */
export const encoding = {
  // A day per chunk: jobs of different days share none.
  air: { chunks: [24, ROWS, COLUMNS] },
  // A year per chunk, so that finding a day costs few requests; units in which any later hour fits.
  time: { chunks: [8760], units: "hours since 2000-01-01" },
} as const;

/** The hours from `start` to `end`: with `data`, or without, as a template. */
export function hours(start: number, end: number, data?: Float32Array): Dataset {
  const count = (end - start) / HOUR;
  const air = { dims: ["time", "lat", "lon"], shape: [count, ROWS, COLUMNS] };
  const time = Array.from({ length: count }, (_, hour) => new Date(start + hour * HOUR));
  const lat = Array.from({ length: ROWS }, (_, row) => 88 - 4 * row);
  const lon = Array.from({ length: COLUMNS }, (_, column) => 4 * column);
  return new Dataset({
    variables: { air: data ? { ...air, data } : { ...air, dtype: "float32" } },
    coordinates: {
      time: { dims: ["time"], data: time },
      lat: { dims: ["lat"], data: lat, attributes: { units: "degrees_north" } },
      lon: { dims: ["lon"], data: lon, attributes: { units: "degrees_east" } },
    },
    attributes: { title: "Hours of a small world" },
  });
}

/** Stands for the model, which takes its time: a temperature in kelvin, one for the whole day. */
export async function forecast(day: number): Promise<Float32Array> {
  return new Float32Array(24 * ROWS * COLUMNS).fill(273 + ((day / DAY) % 31));
}
