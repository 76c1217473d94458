/** Inputs that failed once, by what was wrong; `npm run fuzz` prints them like this. */
import type { Target } from "./inputs.ts";

/** What failed, and as what it was read. */
export const REGRESSIONS: Readonly<
  Record<string, { readonly target: Target; readonly base64: string }>
> = {};
