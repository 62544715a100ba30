import { expect, it } from "vitest";
import type { EventShape, TimelineShape } from "@/features/api/shapes";
import {
  clustered,
  eventsOf,
  indexAt,
  lineOf,
  markFrom,
  NO_LINE,
  positionAt,
  shareOf,
  shareOfPosition,
  ticksOf,
  timeAt,
  zoomed,
} from "./timeline";

const at = (second: number) => new Date(Date.UTC(2026, 10, 26, 0, 0, second)).toISOString();
const event = (position: number, second: number, type = "x", more: Partial<EventShape> = {}) =>
  ({ position, type, at: at(second), stream: "feature-a/f", data: {}, ...more }) as EventShape;

/** What the server counts of positions 1 to 9 within 100 s, in four shares; the third one is empty. */
const SHAPE: TimelineShape = {
  head: 9,
  from: { position: 1, at: at(0) },
  to: { position: 9, at: at(100) },
  buckets: [
    { position: 1, count: 4 },
    { position: 5, count: 2 },
    { position: 1, count: 0 },
    { position: 7, count: 3 },
  ],
  marks: [{ position: 5, at: at(25), kind: "needs", type: "trunk.held", text: "Held" }],
};
const LINE = lineOf(SHAPE);

it("takes over what the server counted", () => {
  expect(LINE.counts).toEqual([4, 2, 0, 3]);
  expect(LINE.starts).toEqual([1, 5, 7, 7, 10]);
  expect(LINE.marks.map((one) => [one.x, one.kind, one.position])).toEqual([[0.25, "needs", 5]]);
  expect(lineOf({ ...SHAPE, from: { position: 0, at: null } })).toBe(NO_LINE);
});

it("goes from a share to a position, never outside of the run", () => {
  expect([0, 0.13, 0.25, 0.375, 0.5, 0.7, 0.75, 1].map((x) => positionAt(LINE, x))).toEqual([
    1, 3, 5, 6, 6, 6, 7, 9,
  ]);
  expect(positionAt(LINE, -3)).toBe(1);
  expect(positionAt(NO_LINE, 0.5)).toBe(1);
});

it("goes back from a position to where it stands", () => {
  for (const x of [0, 0.25, 0.375, 0.75]) {
    expect(shareOfPosition(LINE, positionAt(LINE, x))).toBeCloseTo(x, 5);
  }
  expect(shareOfPosition(LINE, 9)).toBe(1);
  expect(shareOf(LINE, timeAt(LINE, 0.3))).toBeCloseTo(0.3, 9);
  expect(shareOf(LINE, 0)).toBe(0);
});

it("finds the next mark in either direction", () => {
  const marks = [{ position: 3 }, { position: 8 }];
  expect([1, 3, 8, 99].map((from) => markFrom(marks, from, 1))).toEqual([3, 8, null, null]);
  expect([1, 3, 8, 99].map((from) => markFrom(marks, from, -1))).toEqual([null, null, 3, 8]);
});

it("looks closer around a place, within the run, and ends with the whole of it", () => {
  const half = zoomed(LINE, LINE, 0.5, 0.5);
  expect(half?.map((time) => shareOf(LINE, time))).toEqual([0.25, 0.75]);
  const edge = zoomed(LINE, LINE, 1, 0.25);
  expect(edge?.map((time) => shareOf(LINE, time))).toEqual([0.75, 1]);
  expect(zoomed(LINE, LINE, 0.5, 2)).toBeNull();
});

it("finds positions that are not of this project", () => {
  const events = [event(3, 0), event(7, 10), event(20, 20)];
  expect([1, 3, 6, 7, 19, 20, 99].map((p) => indexAt(events, p))).toEqual([-1, 0, 0, 1, 1, 2, 2]);
});

it("puts marks that lie on each other together, by lane, and keeps the most urgent", () => {
  const mark = (x: number, kind: "needs" | "incident" | "milestone" | "person") => ({
    x,
    kind,
    count: 1,
    position: x * 100,
    text: kind,
  });
  const found = clustered([
    mark(0.1, "person"),
    mark(0.105, "milestone"),
    mark(0.11, "needs"),
    mark(0.5, "incident"),
  ]);
  expect(found.map((one) => [one.kind, one.count])).toEqual([
    ["needs", 2],
    ["milestone", 1],
    ["incident", 1],
  ]);
});

it("leaves out other projects, and keeps what is of none", () => {
  const all = [
    event(1, 0),
    event(2, 1, "x", { stream: "feature-b/f" }),
    event(3, 2, "node.started", { stream: "node-local" }),
  ];
  expect(eventsOf(all, "a").map((one) => one.position)).toEqual([1, 3]);
  expect(eventsOf(all, null)).toBe(all);
});

it("writes between two and nine times below the line", () => {
  for (const width of [20, 60, 600, 3600, 7 * 3600, 3 * 86_400, 60 * 86_400]) {
    const ticks = ticksOf({ from: 1_000_000, to: 1_000_000 + width * 1000 });
    expect(ticks.length, String(width)).toBeLessThanOrEqual(9);
    expect(ticks.length, String(width)).toBeGreaterThan(1);
  }
});
