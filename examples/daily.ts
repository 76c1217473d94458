/**
 * The daily job, as cron runs it: the 24 hours of a day go to their place in one dataset. A day
 * that is there already is overwritten, not doubled; jobs may run at once, and in any order.
 *
 *   daily.ts [folder] [first day] [number of days]
 */
import { Repository, type Session } from "icefloe";
import { openZarr, type TimeArray } from "icefloe/dataset";
import { localFilesystemStorage } from "icefloe/storage/local";
import { DAY, encoding, forecast, HOUR, hours, START } from "./weather.ts";

const [folder = "daily", first = "2024-03-01", days = "1"] = process.argv.slice(2);
const repository = await Repository.openOrCreate(localFilesystemStorage(folder));

/** Where the stored hours end; `undefined` before the first job. */
async function endOfHours({ store }: Session): Promise<number | undefined> {
  if (!(await store.exists("time/zarr.json"))) return undefined;
  const time = await (await openZarr(store)).coordinates["time"]!.load();
  return (time.values as TimeArray).toDate(time.size - 1).getTime() + HOUR;
}

/** Makes room for the day, and for days before it that have not come; then writes it. */
async function writeDay(session: Session, day: number, data: Float32Array): Promise<void> {
  const { store } = session;
  const stored = await endOfHours(session);
  const end = day + DAY;
  if (stored === undefined) {
    await hours(START, end).toZarr(store, { compute: false, encoding });
  } else if (stored < end) {
    await hours(stored, end).toZarr(store, { appendDim: "time", compute: false });
  }
  await hours(day, end, data).toZarr(store, { region: "auto" }); // where these hours are
}

async function run(day: number): Promise<void> {
  const data = await forecast(day);
  const message = `hours of ${new Date(day).toISOString().slice(0, 10)}`;
  // Another job may commit first: then only the write runs again, on what that job left.
  const write = (session: Session) => writeDay(session, day, data);
  const snapshotId = await repository.transaction("main", write, { message, retry: "rerun" });
  console.log(`${message}: committed ${snapshotId}`);
}

const start = Date.parse(first);
await Promise.all(Array.from({ length: Number(days) }, (_, i) => run(start + i * DAY)));
const { store } = await repository.readonlySession("main");
console.log(await openZarr(store));
