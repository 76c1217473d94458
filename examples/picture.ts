/** The chunk grid as a picture: an SVG with a square per chunk, coloured by who wrote it. */

/** What is drawn; the picture says it too, so that it can be drawn again. */
export interface ChunkPicture {
  readonly name: string;
  readonly chunksPerDimension: readonly number[];
  /** Who wrote each chunk, in row-major order: numbers from 1. */
  readonly writers: readonly number[];
}

// Colours that the colour-blind can tell apart, on white and on black.
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"];
const [CELL, STEP, MARGIN, TOP, ENTRY] = [22, 25, 12, 32, 104];
const COLUMNS_MAX = 32;

/** Numbers from 1, in the order in which processes come. */
export function numberWriters(processIds: readonly number[]): number[] {
  const known = [...new Set(processIds)];
  return processIds.map((id) => known.indexOf(id) + 1);
}

/** A line of squares per chunk of the first split dimension, or of 32 where that is too long. */
export function drawChunks(picture: ChunkPicture): string {
  const { name, chunksPerDimension, writers } = picture;
  const split = chunksPerDimension.filter((count) => count > 1);
  const across = split.length < 2 ? writers.length : writers.length / (split[0] as number);
  const columns = Math.min(COLUMNS_MAX, across);
  const count = Math.max(...writers);
  const title = `${name}: ${writers.length} chunks, ${count} processes, one commit`;
  const bottom = TOP + Math.ceil(writers.length / columns) * STEP + MARGIN;
  const width = Math.max(columns * STEP, count * ENTRY, title.length * 8) + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bottom + CELL + MARGIN}" role="img">`,
    `<title>${plain(title)}</title>`,
    `<desc>${plain(JSON.stringify(picture))}</desc>`,
    label(MARGIN, 22, title),
    ...writers.map((writer, i) =>
      square(MARGIN + (i % columns) * STEP, TOP + Math.floor(i / columns) * STEP, writer),
    ),
    ...Array.from({ length: count }, (_, i) => square(MARGIN + i * ENTRY, bottom, i + 1)),
    ...Array.from({ length: count }, (_, i) =>
      label(MARGIN + i * ENTRY + CELL + 6, bottom + 16, `process ${i + 1}`),
    ),
    "</svg>\n",
  ].join("\n");
}

function square(x: number, y: number, writer: number): string {
  const colour = COLOURS[(writer - 1) % COLOURS.length];
  return `<rect x="${x}" y="${y}" width="${CELL}" height="${CELL}" rx="3" fill="${colour}"/>`;
}

function label(x: number, y: number, text: string): string {
  return `<text x="${x}" y="${y}" font-family="sans-serif" font-size="14" fill="#808080">${plain(text)}</text>`;
}

function plain(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
