/** A dedicated worker of the OPFS tests: calls one function of the program, and answers. */
import { runJob } from "../../src/parallel/index.ts";
import { fillRow, PROGRAM } from "./opfs-program.ts";

interface Call {
  readonly name: string;
  readonly parameters: readonly unknown[];
}

const call = ({ name, parameters }: Call): unknown =>
  name === "runFillRow"
    ? runJob(parameters[0] as Uint8Array, { worker: fillRow })
    : PROGRAM[name]?.(...(parameters as never[]));

globalThis.onmessage = async ({ data }: MessageEvent<Call>) => {
  try {
    postMessage({ value: await call(data) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
