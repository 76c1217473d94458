/** The chunk grid as text: a letter per chunk, for who wrote it. */

const COLUMNS_MAX = 72;

/** Rows are the first split dimension; all others run along the line. */
export function drawChunks(
  name: string,
  chunksPerDimension: readonly number[],
  writers: readonly number[],
): string {
  const known = [...new Set(writers)];
  const letters = writers.map((writer) => String.fromCharCode(65 + (known.indexOf(writer) % 26)));
  const split = chunksPerDimension.filter((count) => count > 1);
  const columns = split.length < 2 ? letters.length : letters.length / (split[0] as number);
  const lines: string[] = [];
  for (let at = 0; at < letters.length; at += columns) {
    const row = letters.slice(at, at + columns).join(" ");
    lines.push(`  ${row.length > COLUMNS_MAX ? `${row.slice(0, COLUMNS_MAX)} …` : row}`);
  }
  const legend = known.map(
    (writer, i) => `${String.fromCharCode(65 + (i % 26))} = process ${writer}`,
  );
  return [`chunks of ${name}, by who wrote them (${legend.join(", ")}):`, ...lines].join("\n");
}
