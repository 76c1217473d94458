/** The marks in docs/performance.md, the reasons beside them, and what README.md says of both. */

const BEGIN = "<!-- tables: begin, made by bench/document.mjs -->";
const END = "<!-- tables: end -->";
const SUMMARY = /\d+ of \d+ figures miss their mark/;

/** The document with other tables between its markers. */
export function withTables(document, tables) {
  const [before, , after] = partsOf(document);
  return `${before}${BEGIN}\n\n${tables}\n\n${END}${after}`;
}

/** README.md with the number of figures in `tables` that miss their mark. */
export function withSummary(readme, tables) {
  return readme.replace(SUMMARY, summaryOf(tables));
}

/** What is wrong, a line each: a figure that misses its mark without a reason, another number. */
export function findProblems(document, readme) {
  const [before, tables, after] = partsOf(document);
  const items = `${before}${after}`.split(/\n(?=- |\n)/).filter((part) => part.startsWith("- "));
  const reasons = items.map((item) => item.replaceAll(/\s+/g, " "));
  const problems = markedFigures(tables)
    .filter(({ isMissed }) => isMissed)
    .filter(({ name, label }) => !reasons.some((text) => isAbout(text, name, label)))
    .map(
      ({ name, label }) => `docs/performance.md: no item says why \`${name}\` misses *${label}*`,
    );
  const summary = SUMMARY.exec(readme)?.[0];
  if (summary !== summaryOf(tables))
    problems.push(`README.md: "${summary}", not "${summaryOf(tables)}"`);
  return problems;
}

function isAbout(text, name, label) {
  return text.includes(`\`${name}\``) && text.includes(`*${label}*`);
}

/** Every figure with a mark: cells of its name and label are empty if they repeat those above. */
function markedFigures(tables) {
  const found = [];
  let name;
  let label;
  for (const line of tables.split("\n")) {
    const cells = line.split("|").map((cell) => cell.trim());
    if (cells.length < 4) continue;
    name = /^`(.+?)`:/.exec(cells[1])?.[1] ?? name;
    label = cells[2] || label;
    const mark = cells.at(-2);
    if (mark === "met" || mark === "**missed**")
      found.push({ name, label, isMissed: mark !== "met" });
  }
  return found;
}

/** The document before, between and behind its markers. */
function partsOf(document) {
  const parts = document.split(BEGIN).flatMap((part) => part.split(END));
  if (parts.length !== 3)
    throw new Error(`docs/performance.md has not one ${BEGIN} and one ${END}`);
  return parts;
}

function summaryOf(tables) {
  const marked = markedFigures(tables);
  const missed = marked.filter(({ isMissed }) => isMissed);
  return `${missed.length} of ${marked.length} figures miss their mark`;
}
