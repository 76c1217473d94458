/** Settings of the place where the program runs. */

/** A variable of the environment; `undefined` where it is unset or empty, or there is none. */
export function environment(name: string): string | undefined {
  const { process } = globalThis as {
    process?: { env?: Readonly<Record<string, string | undefined>> };
  };
  return process?.env?.[name] || undefined;
}
