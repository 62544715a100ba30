// Throughput, spend and durations, counted from events and sessions. Pure: the same log gives the same figures, and
// what was not read is not in them.
import type { EventShape, Session } from "@/features/api/shapes";
import { streamOf } from "@/features/live/streams";

export type Bucket = { from: number; merged: number; spend: Record<string, number> };
export type Stage = {
  name: string;
  tone: string;
  low: number;
  middle: number;
  high: number;
  n: number;
};

export const ROLES = ["coder", "reviewer", "verifier", "overseer", "initializer"] as const;

const WIDTHS = [10, 30, 60, 300, 900, 3600, 21_600, 86_400, 604_800].map((s) => s * 1000);
const time = (at: string) => new Date(at).getTime();

/** Buckets of equal width, at most sixteen, from the first to the last instant. */
export function bucketsOf(
  closed: readonly EventShape[],
  sessions: readonly Session[],
  from: number,
  to: number,
): { width: number; buckets: Bucket[] } {
  const width = WIDTHS.find((one) => (to - from) / one <= 16) ?? 604_800_000;
  const first = Math.floor(from / width) * width;
  const count = Math.max(1, Math.floor((to - first) / width) + 1);
  const buckets = Array.from(
    { length: count },
    (_, n): Bucket => ({ from: first + n * width, merged: 0, spend: {} }),
  );
  const at = (when: number) => buckets[Math.floor((when - first) / width)];
  for (const event of closed) {
    const bucket = at(time(event.at));
    if (bucket) bucket.merged += 1;
  }
  for (const session of sessions) {
    const bucket = at(time(session.ended ?? session.assigned));
    if (bucket)
      bucket.spend[session.role] = (bucket.spend[session.role] ?? 0) + session.usage.micro_usd;
  }
  return { width, buckets };
}

/** A value below which this share lies. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? 0;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

const STEPS: Record<string, { name: string; tone: string }> = {
  backlog: { name: "Waits in backlog", tone: "quiet" },
  coding: { name: "Coding", tone: "go" },
  waits: { name: "Waits for review", tone: "quiet" },
  review: { name: "Review", tone: "look" },
  queue: { name: "Merge queue", tone: "merge" },
};

/** Which stage begins with an event; none when it ends what was going on. */
const BEGINS: Record<string, string | null> = {
  "feature.created": "backlog",
  "feature.claimed": "coding",
  "feature.submitted": "waits",
  "feature.review_started": "review",
  "feature.review_passed": "queue",
  "feature.review_rejected": "backlog",
  "feature.merge_rejected": "backlog",
  "feature.released": "backlog",
  "feature.claim_expired": "backlog",
  "feature.requeued": "backlog",
  "feature.reopened": "backlog",
  "feature.closed": null,
  "feature.quarantined": null,
  "feature.question_asked": null,
  "feature.withdrawn": null,
};

/** How long each stage took, over all features. */
export function stagesOf(events: readonly EventShape[]): Stage[] {
  const open = new Map<string, { stage: string; from: number }>();
  const took = new Map<string, number[]>();
  for (const event of events) {
    const stage = BEGINS[event.type];
    if (stage === undefined) continue;
    const before = open.get(event.stream);
    if (before)
      took.set(before.stage, [...(took.get(before.stage) ?? []), time(event.at) - before.from]);
    if (stage === null) open.delete(event.stream);
    else open.set(event.stream, { stage, from: time(event.at) });
  }
  return Object.entries(STEPS).flatMap(([key, { name, tone }]) => {
    const sorted = [...(took.get(key) ?? [])].sort((a, b) => a - b);
    if (sorted.length === 0) return [];
    return [
      {
        name,
        tone,
        n: sorted.length,
        low: quantile(sorted, 0.1),
        middle: quantile(sorted, 0.5),
        high: quantile(sorted, 0.9),
      },
    ];
  });
}

/** Of the features that were merged, how many were never sent back or given up. */
export function firstTry(events: readonly EventShape[]): { of: number; first: number } {
  const claims = new Map<string, number>();
  const merged = new Set<string>();
  for (const event of events) {
    if (event.type === "feature.claimed")
      claims.set(event.stream, (claims.get(event.stream) ?? 0) + 1);
    const closing = event.data.closing as { how?: string } | undefined;
    if (event.type === "feature.closed" && closing?.how === "merged") merged.add(event.stream);
  }
  return {
    of: merged.size,
    first: [...merged].filter((stream) => claims.get(stream) === 1).length,
  };
}

/** The events of a project's features. */
export function featureEvents(events: readonly EventShape[], project: string): EventShape[] {
  return events.filter((event) => {
    const { kind, project: of } = streamOf(event.stream);
    return kind === "feature" && of === project;
  });
}

/** When all is done at the pace so far; none when nothing was done yet. */
export function doneAt(closed: number, total: number, from: number, now: number): number | null {
  if (closed === 0 || closed >= total || now <= from) return null;
  return now + ((total - closed) * (now - from)) / closed;
}
