import { expect, it } from "vitest";
import type { EventShape, Session } from "@/features/api/shapes";
import { bucketsOf, doneAt, firstTry, quantile, stagesOf } from "./figures";

const at = (s: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, s)).toISOString();
const event = (s: number, type: string, stream = "feature-p/a", data: object = {}) =>
  ({ type: `feature.${type}`, stream, at: at(s), data }) as EventShape;
const session = (s: number, role: string, micro_usd: number) =>
  ({ role, ended: at(s), assigned: at(s), usage: { micro_usd } }) as Session;
const MERGED = { closing: { how: "merged" } };

it("puts every merge and every cent into one bucket", () => {
  const closed = [event(1, "closed"), event(70, "closed"), event(300, "closed")];
  const sessions = [session(1, "coder", 5), session(2, "coder", 7), session(299, "reviewer", 3)];
  const { buckets } = bucketsOf(closed, sessions, Date.parse(at(0)), Date.parse(at(300)));
  expect(buckets.length).toBeLessThanOrEqual(17);
  expect(buckets.reduce((sum, one) => sum + one.merged, 0)).toBe(3);
  expect(buckets.reduce((sum, one) => sum + (one.spend.coder ?? 0), 0)).toBe(12);
  expect(buckets.reduce((sum, one) => sum + (one.spend.reviewer ?? 0), 0)).toBe(3);
});

it("measures stages from one event to the next", () => {
  const stages = stagesOf([
    event(0, "created"),
    event(10, "claimed"),
    event(40, "submitted"),
    event(41, "commented"),
    event(45, "review_started"),
    event(50, "review_passed"),
    event(60, "closed", "feature-p/a", MERGED),
    event(0, "created", "feature-p/b"),
    event(30, "claimed", "feature-p/b"),
  ]);
  expect(stages.map((one) => [one.name, one.middle / 1000, one.n])).toEqual([
    ["Waits in backlog", 20, 2],
    ["Coding", 30, 1],
    ["Waits for review", 5, 1],
    ["Review", 5, 1],
    ["Merge queue", 10, 1],
  ]);
});

it("counts who needed one try", () => {
  const events = [
    event(1, "claimed"),
    event(2, "claimed"),
    event(3, "closed", "feature-p/a", MERGED),
    event(1, "claimed", "b"),
    event(2, "closed", "b", MERGED),
    event(1, "claimed", "c"),
    event(2, "closed", "c", { closing: { how: "wont_do" } }),
  ];
  expect(firstTry(events)).toEqual({ of: 2, first: 1 });
});

it("knows quantiles and the pace", () => {
  expect(quantile([1, 2, 3, 4, 5], 0.5)).toBe(3);
  expect(quantile([], 0.5)).toBe(0);
  expect(doneAt(5, 10, 0, 100)).toBe(200);
  expect(doneAt(0, 10, 0, 100)).toBeNull();
  expect(doneAt(10, 10, 0, 100)).toBeNull();
});
