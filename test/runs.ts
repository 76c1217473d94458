/**
 * How much the long tests do: `npm test` a part that ends in seconds, the lane `campaign` all of it
 * (`node scripts/campaign.mjs`). Its switch is ICEFLOE_RUNS; a test's own variable wins.
 */

/** Whether everything is to run. */
export const IS_CAMPAIGN: boolean = process.env["ICEFLOE_RUNS"] === "all";

/** How many runs: what variable `name` says, else `few`, or `all` in a campaign. */
export function runsOf(name: string, few: number, all: number): number {
  return Number(process.env[name] ?? (IS_CAMPAIGN ? all : few));
}

/** Every how many steps a sweep looks: at each `every`-th, or as close as `all` in a campaign. */
export function strideOf(every: number, all = 1): number {
  return IS_CAMPAIGN ? all : every;
}

/** Whether the dice are those of every other run: a seed of chance may miss what is rare. */
export const HAS_FIXED_SEED: boolean = process.env["SEED"] === undefined;
