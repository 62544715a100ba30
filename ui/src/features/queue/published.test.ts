import { expect, it } from "vitest";
import type { EventShape } from "@/features/api/shapes";
import { historyOf, usualOf } from "./published";

const event = (position: number, type: string, data: object) =>
  ({
    position,
    type: `trunk.${type}`,
    data,
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, position)).toISOString(),
  }) as EventShape;

const EVENTS = [
  event(1, "queued", { entry: 1, kind: { kind: "scaffold" } }),
  event(2, "advanced", { entry: 1, to: "aaa" }),
  event(3, "queued", { entry: 2, kind: { kind: "feature", feature: "f", title: "Draw" } }),
  event(4, "queued", { entry: 3, kind: { kind: "feature", feature: "g", title: "Zoom" } }),
  event(5, "verification_started", { entry: 2 }),
  event(11, "verified", { entry: 2 }),
  event(12, "advanced", { entry: 2, to: "bbb" }),
  event(13, "dequeued", { entry: 3, why: "it does not merge" }),
];

it("tells what was published and why others left, newest first", () => {
  const { published, left } = historyOf(EVENTS);
  expect(published.map((one) => [one.entry, one.title, one.sha, one.verifiedMs])).toEqual([
    [2, "Draw", "bbb", 6000],
    [1, "Our own files", "aaa", null],
  ]);
  expect(left).toMatchObject([{ entry: 3, feature: "g", title: "Zoom", why: "it does not merge" }]);
  expect(usualOf(published)).toBe(6000);
  expect(usualOf([])).toBeNull();
});
