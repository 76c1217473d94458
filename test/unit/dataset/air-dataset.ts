import { Dataset, type VariableInput } from "../../../src/dataset/index.ts";

/** The coordinate of the four steps. */
export const time = { dims: ["time"], data: Int32Array.of(10, 20, 30, 40) };
/** Stored as float32, a step per chunk. */
export const chunked = { dtype: "float32", encoding: { chunks: [1, 3] } };

/** Four steps of three values: what is given is their variable `air`, with data or without. */
export function airDataset(air: object): Dataset {
  const variable = { dims: ["time", "x"], shape: [4, 3], ...air } as unknown as VariableInput;
  return new Dataset({ variables: { air: variable }, coordinates: { time } });
}

/** The same with the values 1 to 12. */
export function filledAir(): Dataset {
  return airDataset({ ...chunked, data: Float32Array.from({ length: 12 }, (_, i) => i + 1) });
}
