/**
 * Which of node's own arguments a worker inherits: loaders, conditions and limits, but not what
 * says which program runs, or it would run in every worker again.
 */

/** Texts to run, modes that run something else than a file, and what asks for one of them. */
const PROGRAM =
  /^(-e|--eval|-p|--print|-pe|-i|--interactive|-c|--check|--input-type|--run|--(experimental-)?test\b.*|--watch\b.*|--build-snapshot\b.*|--snapshot-blob|--(experimental-|build-)sea\b.*)(=|$)/;
/** A port that the parent has taken. */
const PORT = /^(--inspect\b.*|--debug-port)(=|$)/;

/** What a worker inherits of the arguments that this process was started with. */
export function inheritedArguments(own: readonly string[]): string[] {
  return withoutOptions(withoutProgram(own), PORT);
}

/** `args` without what says which program runs. */
export function withoutProgram(args: readonly string[]): string[] {
  return withoutOptions(args, PROGRAM);
}

/** `NODE_OPTIONS` without the kind of a text, which node refuses beside a file. */
export function withoutInputType(nodeOptions: string): string {
  return nodeOptions.replace(/(^|\s)--input-type(=|\s+)\S+/g, "");
}

/** Leaves options out, with the values that follow them: nothing else stands there. */
function withoutOptions(args: readonly string[], options: RegExp): string[] {
  let isLeftOut = false;
  return args.filter((text) => {
    if (text.startsWith("-")) isLeftOut = options.test(text);
    return !isLeftOut;
  });
}
