/** Sets `task.count` virtual references from `task.start` on. */
import { defineWorker } from "icefloe/parallel";

export default defineWorker(async ({ fork, task }) => {
  const refs = Array.from({ length: task.count }, (_, i) => ({
    index: [task.start + i],
    location: `s3://bucket/archive/file_${i % 100}.nc`,
    offset: 4096 * i,
    length: 4096,
  }));
  await fork.store.setVirtualRefs("/v", refs, { validateContainer: false });
});
