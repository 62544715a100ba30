// What happened since somebody was last here, as far as the log was read: counted, not told by heart.
import { useEffect, useState } from "react";
import type { EventShape } from "@/features/api/shapes";
import { live } from "@/features/live/state";

export type Seen = { position: number; at: number };
export type Recap = { from: number; merged: number; milestones: number; restarts: number };

const KEY = "supercargo.seen";
/** Somebody who comes back sooner was not away. */
const AWAY = 10 * 60_000;

/** Counts what came after; nothing when the log was not read that far back. */
export function recapOf(events: readonly EventShape[], seen: Seen): Recap | null {
  const first = events[0];
  if (!first || first.position > seen.position + 1) return null;
  const after = events.filter((event) => event.position > seen.position);
  const count = (test: (event: EventShape) => boolean) => after.filter(test).length;
  return {
    from: seen.at,
    merged: count((event) => event.type === "feature.closed"),
    milestones: count((event) => event.type === "project.milestone_settled"),
    restarts: count((event) => event.type === "node.started"),
  };
}

function read(): Seen | null {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? "null") as Seen | null;
    return value && Number.isFinite(value.position) && Number.isFinite(value.at) ? value : null;
  } catch {
    return null;
  }
}

/** Where somebody was when they left, if that is a while ago. What is seen now is kept when the page is left. */
export function useLastSeen(): Seen | null {
  const [seen] = useState(() => {
    const before = read();
    return before && Date.now() - before.at > AWAY ? before : null;
  });
  useEffect(() => {
    const keep = () => {
      const { head } = live.get();
      if (head === null || !document.hidden) return;
      try {
        localStorage.setItem(KEY, JSON.stringify({ position: head, at: Date.now() }));
      } catch {
        // Then nobody was ever here.
      }
    };
    document.addEventListener("visibilitychange", keep);
    return () => document.removeEventListener("visibilitychange", keep);
  }, []);
  return seen;
}
