/** One simulation: a repository, actors at work on it, bad weather, and an auditor. */
import { memoryStorage, Repository, type Storage } from "../../src/index.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { Dice } from "../fuzz/dice.ts";
import {
  amender,
  committer,
  forker,
  type Life,
  type Round,
  reader,
  resetter,
  tagger,
} from "./actors.ts";
import { Auditor, type Fate } from "./auditor.ts";
import { CALM, Death, Network, ROUGH, STORM, type Weather } from "./network.ts";
import { Scheduler } from "./scheduler.ts";

const CHUNKS = 24;
const ROUNDS_MAX = 4;
const PAUSE_MS = 800;
const START_MS = 3000;
const LAST_EVENTS_MS = 120_000;
const WEATHERS: readonly Weather[] = [CALM, ROUGH, ROUGH, STORM];

/** What a simulation did. */
export interface SimulationReport {
  readonly seed: number;
  /** Equal for equal histories. */
  readonly digest: string;
  readonly events: number;
  readonly transitions: number;
  readonly virtualSeconds: number;
  readonly deaths: number;
  /** Commits and amends, as their actors were told. */
  readonly fates: Readonly<Record<Fate, number>>;
  readonly injected: Readonly<Record<string, number>>;
  readonly trace: readonly string[];
}

/** How a simulation is run. */
export interface SimulationOptions {
  readonly keepTrace?: boolean;
  /** Puts something between the network and the storage: to see that the auditor notices. */
  readonly sabotage?: (storage: Storage) => Storage;
}

/** Runs the simulation of a seed. Throws what the auditor or an actor found wrong. */
export async function simulate(
  seed: number,
  { keepTrace = false, sabotage = (storage) => storage }: SimulationOptions = {},
): Promise<SimulationReport> {
  const scheduler = new Scheduler(seed, keepTrace);
  const storage = memoryStorage({ runtime: simulatedRuntime({ seed: 1 }) });
  await build(storage);
  const auditor = new Auditor(storage);
  await auditor.look();
  const network = new Network(scheduler, sabotage(storage), scheduler.dice.pick(WEATHERS));
  const world = new World(scheduler, network, auditor);
  const actors = world.cast().map(([name, round]) => world.play(name, round));
  let isOver = false;
  let failure: unknown;
  network.onApplied = async ({ operation, path }) => {
    if (operation !== "put" || path !== "repo") return;
    // Thrown here, it would look like an error of the storage.
    await auditor.look().catch((error) => {
      failure ??= error;
      isOver = true;
    });
  };
  Promise.all(actors).then(
    () => {
      isOver = true;
    },
    (error) => {
      failure ??= error;
      isOver = true;
    },
  );
  try {
    await scheduler.run(() => isOver);
    if (failure !== undefined) throw failure;
    // What is still on its way arrives before the last look.
    network.calmDown();
    let isQuiet = false;
    scheduler.after(LAST_EVENTS_MS, () => {
      isQuiet = true;
    });
    await scheduler.run(() => isQuiet);
    if (failure !== undefined) throw failure;
    await auditor.finish();
  } catch (error) {
    const trace = scheduler.trace.slice(-60).join("");
    throw new Error(`simulation of seed ${seed} fails: ${error}\n${trace}`, { cause: error });
  }
  return {
    seed,
    digest: scheduler.digest(),
    events: scheduler.eventCount,
    transitions: auditor.transitions,
    virtualSeconds: Math.round((scheduler.nowMicros - Date.UTC(2026, 0, 1) * 1000) / 1e6),
    deaths: world.deaths,
    fates: auditor.fates,
    injected: network.injected,
    trace: scheduler.trace,
  };
}

async function build(storage: ReturnType<typeof memoryStorage>): Promise<void> {
  const runtime = simulatedRuntime({ seed: 2, startMicros: Date.UTC(2025, 11, 31) * 1000 });
  const repository = await Repository.create(storage, {
    runtime,
    config: {
      inlineChunkThresholdBytes: 14,
      numUpdatesPerRepoInfoFile: 6,
      repoUpdateRetries: { maxTries: 20, initialBackoffMs: 20, maxBackoffMs: 500 },
      manifest: {
        splitting: { split_sizes: [["any_array", [{ condition: "Any", num_chunks: 8 }]]] as never },
      },
    },
  });
  const session = await repository.writableSession("main");
  const text = new TextEncoder();
  const array = {
    zarr_format: 3,
    node_type: "array",
    shape: [CHUNKS],
    data_type: "uint8",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [1] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes" }],
    attributes: {},
  };
  const group = { zarr_format: 3, node_type: "group", attributes: {} };
  await session.store.set("zarr.json", text.encode(JSON.stringify(group)));
  await session.store.set("a/zarr.json", text.encode(JSON.stringify(array)));
  const id = await session.commit("start");
  await repository.createBranch("side", id);
}

class World {
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #auditor: Auditor;
  readonly #dice: Dice;
  deaths = 0;

  constructor(scheduler: Scheduler, network: Network, auditor: Auditor) {
    this.#scheduler = scheduler;
    this.#network = network;
    this.#auditor = auditor;
    this.#dice = new Dice(scheduler.dice.word(), 1);
  }

  /** Who plays this time. Chunk 0 is everybody's; of the others each actor has its own. */
  cast(): [string, Round][] {
    let next = 1;
    const keys = (count: number): string[] =>
      Array.from({ length: count }, () => `a/c/${next++}`).filter(
        (_, i) => next - count + i <= CHUNKS,
      );
    const all: [string, Round][] = [
      ["ada", committer("main", keys(3))],
      ["ben", committer("main", keys(3))],
      ["cid", committer("main", keys(3))],
      ["dan", committer("side", keys(3))],
      ["eve", forker("main", keys(2))],
      ["fay", amender("side", keys(2))],
      ["gus", resetter("side")],
      ["hal", tagger],
      ["ida", reader],
      ["jon", forker("side", keys(2))],
    ];
    return all.filter(([name]) => name === "ada" || name === "ida" || !this.#dice.oneIn(4));
  }

  /** Plays a role round after round; who dies comes back with the next round. */
  async play(name: string, round: Round): Promise<void> {
    const rounds = 1 + this.#dice.below(ROUNDS_MAX);
    const dice = new Dice(this.#dice.word(), 2);
    const pause = this.#scheduler.clock(`pauses of ${name}`, 0);
    await pause.sleep(dice.below(START_MS));
    for (let number = 0; number < rounds; number++) {
      const process = this.#network.start(name);
      const life: Life = {
        process,
        auditor: this.#auditor,
        dice,
        message: `${name} ${number}`,
        startProcess: (worker) => this.#network.start(worker),
      };
      try {
        await Promise.race([round(life), process.death]);
      } catch (error) {
        if (!(error instanceof Death)) throw error;
        this.deaths++;
      }
      await pause.sleep(dice.below(PAUSE_MS));
    }
  }
}
