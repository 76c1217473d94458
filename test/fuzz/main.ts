/**
 * `npm run fuzz -- --runs N --seed S --start I`: any number of inputs. They are read in a thread
 * that is watched: one that hangs, dies or runs out of memory is a failure with a number too.
 */
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { type CampaignReport, runCampaign } from "./campaign.ts";
import { loadCorpus } from "./corpus.ts";
import { prepareInputs } from "./inputs.ts";

const HANG_MS = 30_000;
const LOOK_MS = 1000;
const SAY_MS = 30_000;
const HEAP_MEGABYTES_MAX = 512;

interface Campaign {
  readonly seed: number;
  readonly start: number;
  readonly runs: number;
  /** One number: the input being read. */
  readonly progress: SharedArrayBuffer;
}

async function readInThread(): Promise<void> {
  const { seed, start, runs, progress } = workerData as Campaign;
  const current = new Int32Array(progress);
  const inputs = await prepareInputs(await loadCorpus());
  const onInput = (index: number): void => {
    current[0] = index;
  };
  parentPort?.postMessage(await runCampaign(inputs, { seed, start, runs, onInput }));
}

/** The report of the thread, or why there is none. */
function watch(campaign: Campaign): Promise<CampaignReport | string> {
  const { start, progress } = campaign;
  const current = new Int32Array(progress);
  current[0] = start;
  const worker = new Worker(new URL(import.meta.url), {
    workerData: campaign,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES_MAX },
  });
  return new Promise((resolve) => {
    const began = Date.now();
    let last = current[0] as number;
    let movedAt = began;
    let saidAt = began;
    const end = (result: CampaignReport | string): void => {
      clearInterval(timer);
      void worker.terminate();
      resolve(result);
    };
    const timer = setInterval(() => {
      const now = Date.now();
      const index = Atomics.load(current, 0);
      if (index !== last) movedAt = now;
      last = index;
      if (now - movedAt > HANG_MS) end(`input ${index} hangs`);
      if (now - saidAt < SAY_MS) return;
      saidAt = now;
      process.stdout.write(`${index - start} inputs in ${Math.round((now - began) / 1000)} s\n`);
    }, LOOK_MS);
    worker.once("message", end);
    worker.once("error", (error) => end(`input ${current[0]} ends the thread: ${error}`));
    worker.once("exit", (code) => end(`input ${current[0]} ends the thread with code ${code}`));
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      start: { type: "string", default: "0" },
    },
  });
  const [runs, seed, start] = [values.runs, values.seed, values.start].map(Number) as number[];
  if (![runs, seed, start].every(Number.isSafeInteger)) throw new Error("numbers are expected");
  const campaign = { runs, seed, start, progress: new SharedArrayBuffer(4) } as Campaign;
  const report = await watch(campaign);
  if (typeof report === "string") {
    process.stdout.write(`seed ${seed}: ${report}\n\n0 passed, 1 failed\n`);
    process.exitCode = 1;
    return;
  }
  const { failures, ...counts } = report;
  process.stdout.write(`seed ${seed}: ${JSON.stringify(counts)}\n`);
  for (const { index, target, message, base64 } of failures) {
    process.stdout.write(`\ninput ${index}, read as ${target}: ${message}\n${base64}\n`);
  }
  process.stdout.write(`\n${report.inputs - failures.length} passed, ${failures.length} failed\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

await (isMainThread ? main() : readInThread());
