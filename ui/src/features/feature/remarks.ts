// What was said about one line of a feature's work: findings of reviewers, and comments that begin with a place as
// compilers write it, `path:line: text`, which is also how the next session reads a finding. Pure.
import type { EventShape } from "@/features/api/shapes";

export type Remark = {
  key: string;
  path: string;
  /** None when it is about the file. */
  line: number | null;
  text: string;
  /** The name of who commented; none is the reviewer. */
  by: string | null;
  /** Other work was handed in or secured since: the line may have moved. */
  isEarlier: boolean;
};

type Finding = { path?: string | null; line?: number | null; why?: string };
type Said = Pick<Remark, "path" | "line" | "text" | "by">;

/** A comment on a line, as it is sent. */
export const placed = (path: string, line: number, text: string) =>
  `${path}:${line}: ${text.trim()}`;

/** The place that a comment begins with, when it is one of these files. A name of a file may hold any sign, also a colon. */
export function placeOf(text: string, paths: readonly string[]) {
  for (const path of paths) {
    const found = text.startsWith(`${path}:`) && /^(\d{1,9}):\s*/.exec(text.slice(path.length + 1));
    if (!found) continue;
    return {
      path,
      line: Number(found[1]),
      text: text.slice(path.length + 1 + found[0].length),
    };
  }
  return null;
}

function saidBy({ type, data }: EventShape, paths: readonly string[]): Said[] {
  if (type === "feature.commented") {
    const place = placeOf(String(data.text ?? ""), paths);
    return place ? [{ ...place, by: String(data.by ?? "") }] : [];
  }
  const verdict = data.verdict as { findings?: Finding[] } | undefined;
  return (verdict?.findings ?? []).flatMap(({ path, line, why }) =>
    path && paths.includes(path) ? [{ path, line: line ?? null, text: why ?? "", by: null }] : [],
  );
}

const WORK = new Set(["feature.submitted", "feature.work_secured"]);

/** What was said about lines of these files, oldest first. */
export function remarksOf(events: readonly EventShape[], paths: readonly string[]): Remark[] {
  const remarks: (Remark & { of: string | null })[] = [];
  let of: string | null = null;
  for (const event of [...events].sort((a, b) => a.position - b.position)) {
    if (WORK.has(event.type) && typeof event.data.sha === "string") of = event.data.sha;
    for (const [at, said] of saidBy(event, paths).entries())
      remarks.push({ ...said, key: `${event.position}.${at}`, isEarlier: false, of });
  }
  return remarks.map(({ of: commit, ...remark }) => ({ ...remark, isEarlier: commit !== of }));
}
