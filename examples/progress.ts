/** A progress bar in a terminal; elsewhere a line per quarter. */

const WIDTH = 30;

/** Returns a function to be called once for each of `total` steps. */
export function showProgress(label: string, total: number): () => void {
  let done = 0;
  let quarter = 0;
  const startMs = Date.now();
  return () => {
    done++;
    const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
    const text = `${label}: ${done} of ${total} done, ${seconds} s`;
    const reached = Math.floor((4 * done) / total);
    if (process.stdout.isTTY) {
      const filled = Math.round((WIDTH * done) / total);
      const bar = "█".repeat(filled).padEnd(WIDTH, "░");
      process.stdout.write(`\r${bar} ${text}${done === total ? "\n" : ""}`);
    } else if (reached > quarter) console.log(text);
    quarter = reached;
  };
}
