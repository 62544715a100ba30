// The line of time: how many events fell into equal shares of time, what mattered, and which position stands where. The
// server counts; here it is only put on a length from 0 to 1. Pure.
import type { EventShape, TimelineShape } from "@/features/api/shapes";
import { streamOf } from "@/features/live/streams";
import { hhmm } from "@/ui/format";
import type { Mark, MarkKind } from "@/ui/Timeline";

/** A part of the run, times in milliseconds. */
export type Line = {
  from: number;
  to: number;
  first: number;
  last: number;
  counts: readonly number[];
  /** The first position that is not before each share, and one after the last position at the end. */
  starts: readonly number[];
  marks: readonly Mark[];
};

export const NO_LINE: Line = {
  from: 0,
  to: 0,
  first: 1,
  last: 1,
  counts: [],
  starts: [],
  marks: [],
};

/** Two marks of a lane nearer than this share of the line are one. */
const NEAR = 0.014;
const RANK: Record<MarkKind, number> = { needs: 0, incident: 1, milestone: 2, person: 3 };

export const timeOf = (event: EventShape) => new Date(event.at).getTime();

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

/** The line of what the server counted. */
export function lineOf(shape: TimelineShape): Line {
  if (!shape.from.at || !shape.to.at) return NO_LINE;
  const [from, to] = [Date.parse(shape.from.at), Date.parse(shape.to.at)];
  const starts = Array<number>(shape.buckets.length + 1).fill(shape.to.position + 1);
  for (let at = shape.buckets.length - 1; at >= 0; at -= 1) {
    const bucket = shape.buckets[at];
    starts[at] = bucket && bucket.count > 0 ? bucket.position : (starts[at + 1] ?? 1);
  }
  const width = Math.max(1, to - from);
  const marks = shape.marks.map((mark) => ({
    x: Math.min(1, Math.max(0, (Date.parse(mark.at) - from) / width)),
    kind: mark.kind,
    count: 1,
    position: mark.position,
    text: `${hhmm(mark.at)}  ${mark.text}`,
  }));

  return {
    from,
    to,
    first: Math.max(1, shape.from.position),
    last: shape.to.position,
    counts: shape.buckets.map((one) => one.count),
    starts,
    marks: clustered(marks),
  };
}

/** The time that stands at a share of the line. */
export const timeAt = (line: Line, x: number) => line.from + x * (line.to - line.from);

/** Where a time stands, 0 to 1. */
export function shareOf(line: Line, time: number): number {
  if (line.to <= line.from) return 1;
  return Math.min(1, Math.max(0, (time - line.from) / (line.to - line.from)));
}

/** About which position stands at a share: within a share of time, events are taken as if they came evenly. */
export function positionAt(line: Line, x: number): number {
  const shares = line.counts.length;
  if (shares === 0) return line.last;
  const place = Math.min(shares - 1, Math.max(0, Math.floor(x * shares)));
  const [here, next] = [line.starts[place] ?? line.last, line.starts[place + 1] ?? line.last];
  const within = Math.floor((x * shares - place) * (next - here));
  const position = line.counts[place] ? here + within : here - 1;
  return Math.min(line.last, Math.max(line.first, position));
}

/** About where a position stands: the way back. */
export function shareOfPosition(line: Line, position: number): number {
  const shares = line.counts.length;
  if (shares === 0 || position >= line.last) return 1;
  const place = line.starts.findLastIndex(
    (start, at) => at < shares && line.counts[at] !== 0 && start <= position,
  );
  if (place < 0) return 0;
  const [here, next] = [line.starts[place] ?? 1, line.starts[place + 1] ?? position + 1];
  return (place + (position - here) / Math.max(1, next - here)) / shares;
}

/** The next mark in a direction from a position. */
export function markFrom(
  marks: readonly { position: number }[],
  position: number,
  by: 1 | -1,
): number | null {
  const found =
    by > 0
      ? marks.find((mark) => mark.position > position)
      : marks.findLast((mark) => mark.position < position);
  return found?.position ?? null;
}

/** A part of the line around a share of it, so many times as long, within the whole run. */
export function zoomed(line: Line, whole: Line, x: number, times: number): [number, number] | null {
  const width = (line.to - line.from) * times;
  if (width >= whole.to - whole.from) return null;
  const centre = timeAt(line, x);
  const from = Math.min(Math.max(whole.from, centre - x * width), whole.to - width);
  return [from, from + width];
}

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
