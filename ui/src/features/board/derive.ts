// What is derived of cards, sessions and events, and only where those are all there. Pure.
import type { Card, ColumnName, EventShape, Session } from "@/features/api/shapes";
import { streamOf } from "@/features/live/streams";
import type { Tone } from "@/ui/Chip";

/** The API answers with at most so many sessions: with that many, sums would be too small. */
export const SESSIONS_MAX = 1_000;

/** What all sessions cost; unknown when there are more than were sent. */
export function spendOf(sessions: readonly Session[] | undefined): number | null {
  if (!sessions || sessions.length >= SESSIONS_MAX) return null;
  return sessions.reduce((sum, session) => sum + session.usage.micro_usd, 0);
}

const STAGES =
  /^feature\.(created|claimed|released|claim_expired|question_asked|question_answered|submitted|review_started|review_lapsed|review_passed|review_rejected|merge_begun|merge_aborted|merge_rejected|closed|reopened|quarantined|requeued|set_aside)$/;

/** Since when each feature stands where it stands, and the last words about it. */
export type Stand = { since: string; note: string | null; position: number };

function noteOf({ type, data }: EventShape): string | null {
  const said = {
    "feature.question_asked": data.question,
    "feature.quarantined": data.why,
    "feature.set_aside": data.why,
  }[type];
  if (typeof said === "string") return said;
  if (type === "feature.merge_rejected")
    return typeof data.detail === "string" ? data.detail : null;
  if (type !== "feature.review_rejected") return null;
  const findings = (data.verdict as { findings?: { why?: string }[] } | undefined)?.findings ?? [];
  return findings.map((one) => one.why ?? "").join(" ") || null;
}

export function standsOf(events: readonly EventShape[], project: string): Map<string, Stand> {
  const found = new Map<string, Stand>();
  const beginning = `feature-${project}/`;
  for (const event of events) {
    if (!event.stream.startsWith(beginning) || !STAGES.test(event.type)) continue;
    const id = streamOf(event.stream).id;
    if (!id) continue;
    // A claim that ends after a question, or by being sent back, leaves what was said standing.
    const kept = event.type === "feature.released" ? (found.get(id)?.note ?? null) : null;
    found.set(id, { since: event.at, note: noteOf(event) ?? kept, position: event.position });
  }
  return found;
}

export const COLUMN_NAMES: Record<ColumnName, string> = {
  backlog: "Backlog",
  in_progress: "In progress",
  review: "Review",
  merging: "Merging",
  done: "Done",
  needs_you: "Needs you",
};

export const STATUS: Record<string, { said: string; tone: Tone }> = {
  open: { said: "In the backlog", tone: "" },
  blocked: { said: "Waits for others", tone: "" },
  epic: { said: "Epic", tone: "" },
  claimed: { said: "Being worked on", tone: "go" },
  submitted: { said: "Waits for a reviewer", tone: "look" },
  "in review": { said: "Being reviewed", tone: "look" },
  approved: { said: "Waits for the merge queue", tone: "merge" },
  merging: { said: "Being merged", tone: "merge" },
  closed: { said: "Done", tone: "done" },
  asked: { said: "Asks you something", tone: "wait" },
  held: { said: "Held for your approval", tone: "wait" },
  parked: { said: "Waits for a green trunk", tone: "wait" },
  quarantined: { said: "Set aside after its tries", tone: "alarm" },
  "set aside": { said: "Set aside", tone: "wait" },
  withdrawn: { said: "Withdrawn", tone: "" },
};

export const statusOf = (status: string) => STATUS[status] ?? { said: status, tone: "" as Tone };

export type Filters = {
  q?: string;
  cat?: string;
  holder?: string;
  label?: string;
  p?: number;
  stale?: true;
};

/** Whether a card is what is looked for. Words are looked for in id and title, in any order. */
export function matches(card: Card, filters: Filters): boolean {
  const text = `${card.id} ${card.title}`.toLowerCase();
  const words = (filters.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.every((word) => text.includes(word))) return false;
  if (filters.cat !== undefined && card.category !== filters.cat) return false;
  if (filters.p !== undefined && card.priority !== filters.p) return false;
  if (filters.holder !== undefined && card.holder !== filters.holder) return false;
  if (filters.label !== undefined && !card.labels?.includes(filters.label)) return false;
  return !filters.stale || card.stale.length > 0;
}

type Named = { id: string; title: string; status: string; category: string; priority: number };

/** A stable order of a list by one of its columns; a minus in front turns it round. */
export function sorted<T extends Named>(list: readonly T[], by: string): T[] {
  const down = by.startsWith("-");
  const field = (down ? by.slice(1) : by) as keyof Named;
  const order = (a: T, b: T) => {
    const [x, y] = [a[field] ?? "", b[field] ?? ""];
    if (typeof x === "number" && typeof y === "number") return x - y;
    return String(x).localeCompare(String(y), "en", { numeric: true });
  };
  return [...list].sort((a, b) => (down ? -order(a, b) : order(a, b)));
}
