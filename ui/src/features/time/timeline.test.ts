import { expect, it } from "vitest";
import type { EventShape } from "@/features/api/shapes";
import {
  clustered,
  eventAt,
  eventsOf,
  indexAt,
  lineOf,
  markOf,
  shareOf,
  ticksOf,
} from "./timeline";

const event = (
  position: number,
  second: number,
  type = "feature.claimed",
  more: Partial<EventShape> = {},
) =>
  ({
    position,
    type,
    at: new Date(Date.UTC(2026, 10, 26, 0, 0, second)).toISOString(),
    stream: "feature-a/f",
    principal: "policy:x",
    data: {},
    ...more,
  }) as EventShape;

it("counts every event once, in shares of time", () => {
  const line = lineOf([event(1, 0), event(2, 1), event(5, 50), event(9, 100)], 10);
  expect(line.counts).toEqual([2, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  expect(line.counts.reduce((a, b) => a + b)).toBe(4);
  expect(lineOf([], 10).marks).toEqual([]);
});

it("finds positions that are not of this project", () => {
  const events = [event(3, 0), event(7, 10), event(20, 20)];
  expect([1, 3, 6, 7, 19, 20, 99].map((p) => indexAt(events, p))).toEqual([-1, 0, 0, 1, 1, 2, 2]);
});

it("goes from a share to an event and back", () => {
  const line = lineOf([event(1, 0), event(2, 25), event(3, 100)], 4);
  expect(eventAt(line, 0)?.position).toBe(1);
  expect(eventAt(line, 0.24)?.position).toBe(1);
  expect(eventAt(line, 0.25)?.position).toBe(2);
  expect(eventAt(line, 1)?.position).toBe(3);
  expect(shareOf(line, line.events[1])).toBe(0.25);
  expect(shareOf(line, undefined)).toBe(0);
});

it("marks what mattered, and no more", () => {
  expect(markOf(event(1, 0, "project.milestone_settled"))).toBe("milestone");
  expect(markOf(event(1, 0, "trunk.held"))).toBe("needs");
  expect(markOf(event(1, 0, "trunk.dequeued"))).toBe("incident");
  expect(markOf(event(1, 0, "node.started", { data: { epoch: 1 } }))).toBeNull();
  expect(markOf(event(1, 0, "node.started", { data: { epoch: 2 } }))).toBe("incident");
  expect(markOf(event(1, 0, "project.target_set", { principal: "operator:mira" }))).toBe("person");
  expect(markOf(event(1, 0, "project.target_set"))).toBeNull();
  expect(markOf(event(1, 0))).toBeNull();
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
