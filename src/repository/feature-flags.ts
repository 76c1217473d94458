/** Operations that the owner has switched off. Spec: docs/format.md "Feature flags". */
import { makeError } from "../base/errors.ts";
import type { RepoInfo } from "../format/repo/read.ts";

interface Flag {
  readonly id: number;
  /** What it guards, for messages. */
  readonly guards: string;
}

/** Flags that exist; all operations are allowed by default. Ids are those of the format. */
const FLAGS = {
  create_tag: { id: 4, guards: "tag creation" },
  delete_tag: { id: 5, guards: "tag deletion" },
} as const satisfies Record<string, Flag>;

/** @throws {feature-flag-disabled} if the repository has switched the operation off */
export function assertFeatureEnabled(repo: RepoInfo, name: keyof typeof FLAGS): void {
  const { id, guards } = FLAGS[name];
  if (!(repo.disabledFeatureFlags ?? []).includes(id)) return;
  throw makeError("feature-flag-disabled", `${guards} is switched off by feature flag ${name}`, {
    details: { flag: name },
  });
}
