// What the merge queue published and what left it, from its own stream. Pure.
import type { EventShape } from "@/features/api/shapes";

export type Published = {
  entry: number;
  feature: string | null;
  title: string;
  sha: string;
  at: string;
  position: number;
  verifiedMs: number | null;
};
export type Left = {
  entry: number;
  feature: string | null;
  title: string;
  at: string;
  position: number;
  why: string;
};

type Kind = { kind?: string; feature?: string; title?: string };

export function historyOf(events: readonly EventShape[]): { published: Published[]; left: Left[] } {
  const kinds = new Map<unknown, Kind>();
  const began = new Map<unknown, string>();
  const took = new Map<unknown, number>();
  const published: Published[] = [];
  const left: Left[] = [];

  for (const event of events) {
    const { type, data, at, position } = event;
    const entry = Number(data.entry);
    const kind = kinds.get(entry);
    const named = {
      entry,
      feature: kind?.feature ?? null,
      title: kind?.title ?? (kind?.kind === "scaffold" ? "Our own files" : ""),
      at,
      position,
    };
    if (type === "trunk.queued") kinds.set(entry, (data.kind ?? {}) as Kind);
    if (type === "trunk.verification_started") began.set(entry, at);
    if (type === "trunk.verified") {
      const from = began.get(entry);
      if (from) took.set(entry, new Date(at).getTime() - new Date(from).getTime());
    }
    if (type === "trunk.advanced")
      published.push({ ...named, sha: String(data.to ?? ""), verifiedMs: took.get(entry) ?? null });
    if (type === "trunk.dequeued") left.push({ ...named, why: String(data.why ?? "") });
    if (type === "trunk.change_refused")
      left.push({
        ...named,
        why: `sent back by ${String(data.by ?? "")}: ${String(data.why ?? "")}`,
      });
    if (type === "trunk.found_empty")
      left.push({ ...named, why: "upstream holds all of it already" });
  }
  return { published: published.reverse(), left: left.reverse() };
}

/** The middle of how long verifications took; none before there was one. */
export function usualOf(published: readonly Published[]): number | null {
  const times = published.flatMap((one) => one.verifiedMs ?? []).sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? null;
}
