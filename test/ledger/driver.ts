/**
 * The ledger: N processes commit M times each to one repository and are killed with -9 over and
 * over, mostly inside a commit; a fresh process then looks for anything lost or torn. Everything is
 * driven by what the workers announce: there is no timer.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { Repository } from "icefloe";
import { acknowledgedIn, unfinishedIn } from "./log.ts";
import { createLedger } from "./plan.ts";
import { openStorage, type StorageAddress } from "./storage.ts";
import type { Findings } from "./verify.ts";

/** How large a campaign is. */
export interface Campaign {
  /** For the logs. */
  readonly folder: string;
  readonly address: StorageAddress;
  /** The way of one writer there. Default: `address`. */
  addressOf?(writer: number): StorageAddress;
  /** Writers that are programs of their own, with the same arguments and the same log. */
  commandOf?(writer: number): readonly string[] | undefined;
  /** Called with each acknowledgement, and how many there were. */
  onAcknowledged?(count: number): void;
  readonly workerFile: string;
  readonly verifyFile: string;
  readonly processes: number;
  readonly commits: number;
  readonly kills: number;
  readonly seed: number;
}

/** What a campaign did and found. */
export interface CampaignReport extends Findings {
  readonly failures: Readonly<Record<string, number>>;
  readonly kills: number;
  /** Kills after a commit's first write and before its acknowledgement. */
  readonly killsInsideCommit: number;
  /** Exits that were neither a kill of ours nor a clean end. */
  readonly crashes: readonly string[];
}

/** Numbers below `bound`, the same ones for the same seed (xorshift32). */
function dice(seed: number): (bound: number) => number {
  let state = seed >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % bound;
  };
}

/** When to kill one life of a worker: in its nth commit, at the nth announcement or at one line. */
interface KillPlan {
  readonly commit: number;
  readonly announcement: number | "put repo" | "end repo";
}

interface Tally {
  acknowledgements: number;
  kills: number;
  killsInsideCommit: number;
  /** Commits that were begun again because the storage failed, by kind of error. */
  readonly failures: Record<string, number>;
  readonly crashes: string[];
}

/** Lives a worker gets at most: its kills, and as many crashes would be a bug in itself. */
const LIVES_MAX = 1000;
const COMMITS_BETWEEN_KILLS = 3;
/** A commit writes a chunk, a manifest, snapshot, log, backup and repo: two announcements each. */
const ANNOUNCEMENTS_PER_COMMIT = 13;

/** Runs a campaign. */
export async function runCampaign(campaign: Campaign): Promise<CampaignReport> {
  const { folder, address, processes, commits, kills, seed } = campaign;
  const logs = join(folder, "logs");
  mkdirSync(logs, { recursive: true });
  const storage = openStorage(address);
  const repository = await Repository.create(storage, {
    config: { inlineChunkThresholdBytes: 64 },
  });
  const session = await repository.writableSession("main");
  await createLedger(session, processes, commits);
  await session.commit("ledger");
  await storage.close();

  const tally: Tally = {
    acknowledgements: 0,
    kills: 0,
    killsInsideCommit: 0,
    failures: {},
    crashes: [],
  };
  const killsPerWorker = Math.ceil(kills / processes);
  const workers = Array.from({ length: processes }, (_, writer) =>
    runWorker(campaign, writer, killsPerWorker, dice(seed * 1000 + writer + 1), tally),
  );
  await Promise.all(workers);
  const findings = await verify(campaign, logs);
  const { acknowledgements: _, ...counts } = tally;
  return { ...findings, ...counts };
}

/** Starts one worker again and again until all its commits are acknowledged. */
async function runWorker(
  campaign: Campaign,
  writer: number,
  killsWanted: number,
  roll: (bound: number) => number,
  tally: Tally,
): Promise<void> {
  const { folder, workerFile, commits } = campaign;
  const logPath = join(folder, "logs", `${writer}.log`);
  const address = campaign.addressOf?.(writer) ?? campaign.address;
  const program = campaign.commandOf?.(writer) ?? [process.execPath, workerFile];
  const command = [...program, JSON.stringify(address), logPath, String(writer), String(commits)];
  const hear = (word: string | undefined, value: string | undefined): void => {
    if (word === "ack") campaign.onAcknowledged?.(++tally.acknowledgements);
    if (word === "failed") tally.failures[value ?? ""] = (tally.failures[value ?? ""] ?? 0) + 1;
  };
  let killsLeft = killsWanted;
  for (let life = 0; life < LIVES_MAX; life++) {
    if (acknowledgedIn(logPath).length === commits) return;
    const plan = killsLeft === 0 ? undefined : rollPlan(roll);
    const end = await oneLife(command, plan, hear);
    if (end.killed) {
      killsLeft -= 1;
      tally.kills += 1;
      // The worker may have gone on between the announcement and the signal: its log decides.
      if (end.wroteIn !== undefined && unfinishedIn(logPath) === end.wroteIn)
        tally.killsInsideCommit += 1;
    } else if (end.status !== "code 0") {
      tally.crashes.push(`writer ${writer}: ${end.status}`);
      return;
    }
  }
}

/** Every other kill is at the commit point: just before the conditional put, or just after it. */
function rollPlan(roll: (bound: number) => number): KillPlan {
  const commit = roll(COMMITS_BETWEEN_KILLS);
  if (roll(2) === 0) return { commit, announcement: 1 + roll(ANNOUNCEMENTS_PER_COMMIT) };
  return { commit, announcement: roll(2) === 0 ? "put repo" : "end repo" };
}

interface LifeEnd {
  readonly killed: boolean;
  /** The commit that had written something and was not acknowledged when the announcements ended. */
  readonly wroteIn: number | undefined;
  readonly status: string;
}

function oneLife(
  [program = "", ...args]: readonly string[],
  plan: KillPlan | undefined,
  hear: (word: string | undefined, value: string | undefined) => void,
): Promise<LifeEnd> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  let commitsBegun = 0;
  let announcements = 0;
  let current: number | undefined;
  let wroteIn: number | undefined;
  let killed = false;
  createInterface({ input: child.stdout as Readable }).on("line", (line) => {
    const [word, value] = line.split(" ");
    hear(word, value);
    if (word === "begin") {
      commitsBegun += 1;
      announcements = 0;
      current = Number(value);
      wroteIn = undefined;
    } else if (word === "ack") current = wroteIn = undefined;
    else if (word === "put" || word === "end") {
      announcements += 1;
      if (word === "end") wroteIn = current;
    }
    if (plan === undefined || killed) return;
    const isHit =
      typeof plan.announcement === "number"
        ? announcements >= plan.announcement
        : line === plan.announcement;
    const isDue = commitsBegun > plan.commit + 1 || (commitsBegun === plan.commit + 1 && isHit);
    if (isDue) killed = child.kill("SIGKILL");
  });
  return ended(child).then((status) => ({
    killed: killed && status === "signal SIGKILL",
    wroteIn,
    status,
  }));
}

/** Resolves when the process is gone and its output is read to the end. */
function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve(signal === null ? `code ${code}` : `signal ${signal}`),
    );
  });
}

async function verify(campaign: Campaign, logs: string): Promise<Findings> {
  const address = JSON.stringify(campaign.address);
  const args = [campaign.verifyFile, address, logs, String(campaign.processes)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const status = await ended(child);
  if (status !== "code 0") throw new Error(`the verifier ended with ${status}`);
  return JSON.parse(output) as Findings;
}
