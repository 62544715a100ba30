// The line of time from events: equal shares of time and how many events fell into each, what mattered, and where a
// position stands. Pure; nothing is said about what was not read.
import type { EventShape } from "@/features/api/shapes";
import { streamOf } from "@/features/live/streams";
import { sentence } from "@/features/log/words";
import { hhmm } from "@/ui/format";
import type { Mark, MarkKind } from "@/ui/Timeline";

export type Line = {
  events: readonly EventShape[];
  from: number;
  to: number;
  counts: number[];
  marks: Mark[];
};

/** Two marks of a lane nearer than this share of the line are one. */
const NEAR = 0.014;
const RANK: Record<MarkKind, number> = { needs: 0, incident: 1, milestone: 2, person: 3 };

export const timeOf = (event: EventShape) => new Date(event.at).getTime();

/** The events of a project, and those that are of none. */
export function eventsOf(
  events: readonly EventShape[],
  project: string | null,
): readonly EventShape[] {
  if (project === null) return events;
  return events.filter((event) => {
    const of = streamOf(event.stream).project;
    return of === project || of === null;
  });
}

const INCIDENT =
  /^(trunk\.(dequeued|upstream_moved|halted|head_failed|verification_failed)|container\.(quarantined|lost|start_failed)|project\.(trouble_reported|clone_failed)|node\.books_diverged)$/;
const NEEDS = /^(feature\.(question_asked|quarantined|set_aside)|trunk\.held)$/;
const PERSON =
  /^(project\.(started|stopped|drain_requested|target_set|settings_changed|spec_written)|feature\.(closed|requeued|reopened|question_answered)|trunk\.change_)/;

/** What kind of mark an event is, if it is one. */
export function markOf(event: EventShape): MarkKind | null {
  const { type, data } = event;
  if (type === "project.milestone_settled" || type === "project.completed") return "milestone";
  if (NEEDS.test(type)) return "needs";
  if (INCIDENT.test(type)) return "incident";
  if (type === "node.started") return Number(data.epoch) > 1 ? "incident" : null;
  if (type === "container.exited" && (data.exit as { oom?: boolean } | undefined)?.oom)
    return "incident";
  return event.principal.startsWith("operator:") && PERSON.test(type) ? "person" : null;
}

/** Marks of a lane that would lie on each other are one: the most urgent shape, and their number. */
export function clustered(marks: readonly Mark[]): Mark[] {
  const found: Mark[] = [];
  const lane = (mark: Mark) => mark.kind === "milestone";
  for (const mark of marks) {
    const last = found.findLast((one) => lane(one) === lane(mark));
    if (!last || mark.x - last.x >= NEAR) {
      found.push({ ...mark });
      continue;
    }
    last.count += 1;
    last.text += `\n${mark.text}`;
    if (RANK[mark.kind] < RANK[last.kind])
      Object.assign(last, { kind: mark.kind, position: mark.position });
  }
  return found;
}

/** The line of these events. */
export function lineOf(events: readonly EventShape[], buckets: number): Line {
  const first = events[0];
  const last = events.at(-1);
  const counts = Array<number>(buckets).fill(0);
  if (!first || !last) return { events, from: 0, to: 0, counts, marks: [] };
  const [from, to] = [timeOf(first), timeOf(last)];
  const width = Math.max(1, to - from);
  const marks: Mark[] = [];

  for (const event of events) {
    const x = (timeOf(event) - from) / width;
    const at = Math.min(buckets - 1, Math.max(0, Math.floor(x * buckets)));
    counts[at] = (counts[at] ?? 0) + 1;
    const kind = markOf(event);
    if (kind)
      marks.push({
        x,
        kind,
        count: 1,
        position: event.position,
        text: `${hhmm(event.at)}  ${sentence(event)}`,
      });
  }
  return { events, from, to, counts, marks: clustered(marks) };
}

/** The index of the last event that is not after a position; -1 when all are. */
export function indexAt(events: readonly EventShape[], position: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.position ?? Number.POSITIVE_INFINITY) <= position) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The last event that is not after a share of the line. */
export function eventAt(line: Line, x: number): EventShape | null {
  const wanted = line.from + x * (line.to - line.from);
  let [low, high] = [0, line.events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const event = line.events[middle];
    if (event && timeOf(event) <= wanted) low = middle + 1;
    else high = middle;
  }
  return line.events[Math.max(0, low - 1)] ?? null;
}

/** Where an event stands, 0 to 1. */
export function shareOf(line: Line, event: EventShape | undefined): number {
  if (!event || line.to <= line.from) return 0;
  return Math.min(1, Math.max(0, (timeOf(event) - line.from) / (line.to - line.from)));
}

const STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800].map(
  (s) => s * 1000,
);

/** Times to write below the line: six to twelve of them at round clock times. */
export function ticksOf(line: Pick<Line, "from" | "to">): { x: number; text: string }[] {
  const width = line.to - line.from;
  if (width <= 0) return [];
  const step = STEPS.find((one) => width / one <= 9) ?? width;
  const ticks: { x: number; text: string }[] = [];
  for (let at = Math.ceil(line.from / step) * step; at < line.to; at += step) {
    const x = (at - line.from) / width;
    if (x < 0.02 || x > 0.98) continue;
    const long = step >= 86_400_000;
    const date = new Date(at);
    const clock = date.toLocaleTimeString("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
      ...(step < 60_000 && { second: "2-digit" }),
    });
    ticks.push({
      x,
      text: long ? date.toLocaleDateString("en-GB", { day: "numeric", month: "short" }) : clock,
    });
  }
  return ticks;
}
