/** The twin of page_program.py's dataset: synthetic, shaped like rasm. */
import { Dataset, TimeArray } from "icefloe/dataset/node";

export const TIMES = 24;
export const ROWS = 205;
export const COLUMNS = 275;

export function pageDataset() {
  const values = new Float64Array(TIMES * ROWS * COLUMNS);
  const xc = new Float64Array(ROWS * COLUMNS);
  const yc = new Float64Array(ROWS * COLUMNS);
  let at = 0;
  for (let t = 0; t < TIMES; t++) {
    for (let y = 0; y < ROWS; y++) {
      for (let x = 0; x < COLUMNS; x++) {
        const value = ((t * 1000 + y * 7 + x * 3) % 997) / 8;
        values[at++] = (t + y + x) % 11 === 0 ? Number.NaN : value;
      }
    }
  }
  for (let y = 0, i = 0; y < ROWS; y++) {
    for (let x = 0; x < COLUMNS; x++, i++) {
      xc[i] = x * 0.25 + y * 0.5;
      yc[i] = y * 0.25 - x * 0.5;
    }
  }
  const days = BigInt64Array.from({ length: TIMES }, (_, t) => BigInt(t * 30 + 715000));
  const grid = { dims: ["y", "x"], shape: [ROWS, COLUMNS] };
  return new Dataset({
    variables: {
      Tair: {
        dims: ["time", "y", "x"],
        shape: [TIMES, ROWS, COLUMNS],
        data: values,
        attributes: { units: "C", long_name: "synthetic" },
      },
    },
    coordinates: {
      time: { dims: ["time"], data: new TimeArray(days, "days since 0001-01-01", "noleap") },
      xc: { ...grid, data: xc, attributes: { units: "degrees_east" } },
      yc: { ...grid, data: yc, attributes: { units: "degrees_north" } },
    },
    attributes: { title: "synthetic, shaped like rasm" },
  });
}
