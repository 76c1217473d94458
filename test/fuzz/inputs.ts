/**
 * One fuzz input after the other: what is read, how it was made from a seed, and what must come of
 * it. Input `index` of `seed` is always the same, as long as the seeds are.
 */
import { isIcefloeError } from "../../src/base/errors.ts";
import { decodeFlexbuffers } from "../../src/codec/flexbuffers/decode.ts";
import { encodeFlexbuffers } from "../../src/codec/flexbuffers/encode.ts";
import { decodeEnvelope } from "../../src/format/envelope.ts";
import { parseRepoInfo } from "../../src/format/repo/read.ts";
import { CONFIG_ALL_DEFAULTS, CONFIG_PARTIAL } from "../unit/codec/official-encodings.ts";
import { editBytes, flip } from "./byte-edits.ts";
import { type Corpus, type Seed, type SeedType, uncompressed } from "./corpus.ts";
import { Dice } from "./dice.ts";
import { editFlatbuffer } from "./flatbuffer-edits.ts";
import { editFork } from "./fork-edits.ts";
import { readFork, reseal, useFork } from "./fork-reader.ts";
import { METADATA_BYTES_MAX, type Outcome, readConfig, readFile } from "./readers.ts";
import { editValue } from "./value-edits.ts";
import { editFrame } from "./zstd-edits.ts";

const HEADER_BYTES = 39;

/** What an input is read as. */
export type Target = SeedType | "config" | "fork" | "sealed-fork" | "flipped-file" | "flipped-fork";

/** One input. */
export interface Input {
  readonly target: Target;
  readonly bytes: Uint8Array;
  /** For flips: the whole file that was flipped. */
  readonly original?: Uint8Array | undefined;
  /** For flips of a file: its type. */
  readonly type?: SeedType | undefined;
}

interface PayloadSeed extends Seed {
  readonly payload: Uint8Array;
}

/** Everything that inputs are made from, unpacked. */
export interface Inputs {
  readonly corpus: Corpus;
  /** Input number `index`. */
  make(seed: number, index: number): Input;
}

/** Unpacks the seeds once. */
export async function prepareInputs(corpus: Corpus): Promise<Inputs> {
  const seeds = new Map<SeedType, PayloadSeed[]>();
  const configs = [CONFIG_ALL_DEFAULTS, CONFIG_PARTIAL];
  for (const seed of corpus.files) {
    const options = { object: seed.name, fileType: seed.type, bytesMax: METADATA_BYTES_MAX };
    const { payload } = await decodeEnvelope(seed.file, options);
    seeds.set(seed.type, [...(seeds.get(seed.type) ?? []), { ...seed, payload }]);
    if (seed.type !== "repo-info") continue;
    const { config } = parseRepoInfo(payload, seed.name);
    if (config !== undefined) configs.push(config.slice());
  }
  const types = [...seeds.keys()];
  const values = configs.map((bytes) => decodeFlexbuffers(bytes));
  const ownFiles = corpus.files.filter(({ writer }) => writer === "icefloe");

  const make = (seed: number, index: number): Input => {
    const dice = new Dice(seed, index);
    const kind = dice.below(100);
    if (kind < 60) {
      const type = types[index % types.length] as SeedType;
      return { target: type, bytes: editFile(dice.pick(seeds.get(type) ?? []), dice) };
    }
    if (kind < 75) {
      const bytes = dice.oneIn(2)
        ? editBytes(dice.pick(configs), dice)
        : encodeFlexbuffers(editValue(dice.pick(values), dice));
      return { target: "config", bytes };
    }
    if (kind < 80) return { target: "fork", bytes: editBytes(dice.pick(corpus.forks), dice) };
    if (kind < 90) {
      const original = dice.pick(corpus.forks);
      const bytes = dice.oneIn(2)
        ? reseal(editBytes(original, dice).slice())
        : editFork(original, dice);
      return { target: "sealed-fork", bytes };
    }
    if (kind < 93) {
      const original = dice.pick(corpus.forks);
      const bytes = flip(original, dice.below(8 * original.length));
      return { target: "flipped-fork", bytes, original };
    }
    const { file, type } = dice.pick(ownFiles);
    const bit = 8 * HEADER_BYTES + dice.below(8 * (file.length - HEADER_BYTES));
    return { target: "flipped-file", bytes: flip(file, bit), original: file, type };
  };
  return { corpus, make };
}

function editFile(seed: PayloadSeed, dice: Dice): Uint8Array {
  const kind = dice.below(10);
  if (kind === 0) return editBytes(seed.file, dice);
  if (kind === 1) return editFrame(seed.file, HEADER_BYTES, dice);
  const payload = kind < 4 ? editBytes(seed.payload, dice) : editFlatbuffer(seed.payload, dice);
  return uncompressed(seed.file, payload);
}

/** What became of an input; `intact`: a flip that left the content as it was. */
export type Verdict = Outcome | "intact";

/** Reads an input. Throws if anything happens that must not. */
export async function readInput(input: Input, corpus: Corpus): Promise<Verdict> {
  const { target, bytes } = input;
  switch (target) {
    case "config":
      return readConfig(bytes);
    case "fork":
      return readFork(bytes);
    case "sealed-fork": {
      const outcome = readFork(bytes);
      return outcome === "read" ? useFork(bytes, corpus) : outcome;
    }
    case "flipped-fork":
      if (readFork(bytes) === "refused") return "refused";
      throw new Error("fork bytes with a flipped bit are taken for whole");
    case "flipped-file":
      return readFlipped(input);
    default:
      return readFile(target, bytes);
  }
}

/** Damage to the content must be seen; a flip that changes nothing of it may pass. */
async function readFlipped({ bytes, original, type }: Input): Promise<Verdict> {
  if (original === undefined || type === undefined) throw new Error("no file to compare with");
  const options = { object: "X", fileType: type, bytesMax: METADATA_BYTES_MAX };
  let payload: Uint8Array;
  try {
    ({ payload } = await decodeEnvelope(bytes, options));
  } catch (error) {
    if (isIcefloeError(error) && error.category === "format") return "refused";
    throw error;
  }
  const whole = await decodeEnvelope(original, options);
  const isSame =
    payload.length === whole.payload.length && payload.every((b, i) => b === whole.payload[i]);
  if (!isSame) throw new Error("a flipped bit changed the content, and nobody noticed");
  return "intact";
}
