// What containers used, as it was read: the last samples of each, kept for as long as the page is open. Between two reads
// the processor's share is the time it used divided by the time that passed; a first read gives none.
import type { ContainerUsage } from "@/features/api/shapes";
import { create } from "@/ui/store";

export const KEPT = 48;

export type Sample = { cpu: number | null; memory: number };
export type Track = { container: string; at: number; cpuMs: number; samples: readonly Sample[] };
export type Tracks = Readonly<Record<string, Track>>;

/** The tracks after a read at this time. Another container begins its track anew; one that is gone is forgotten. */
export function tracked(before: Tracks, read: readonly ContainerUsage[], at: number): Tracks {
  const next: Record<string, Track> = {};
  for (const one of read) {
    const track = before[one.container];
    const passed = track ? at - track.at : 0;
    if (track && passed < 500) {
      next[one.container] = track;
      continue;
    }
    const cpu = track && passed > 0 ? Math.max(0, (one.cpu_ms - track.cpuMs) / passed) : null;
    const samples = [...(track?.samples ?? []), { cpu, memory: one.memory_bytes }].slice(-KEPT);
    next[one.container] = { container: one.container, at, cpuMs: one.cpu_ms, samples };
  }
  return next;
}

export const tracks = create<Tracks>({});
