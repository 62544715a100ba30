import { expect, it } from "vitest";
import type { Card, EventShape, Session } from "@/features/api/shapes";
import { matches, SESSIONS_MAX, sorted, spendOf, standsOf } from "./derive";

const session = (feature: string, role: string, micro_usd: number, assigned: string) =>
  ({ feature, role, assigned, usage: { micro_usd } }) as Session;
const card = (more: Partial<Card>) =>
  ({
    id: "tide-1",
    title: "Draw the curve",
    category: "charts",
    priority: 2,
    stale: [],
    holder: null,
    status: "open",
    ...more,
  }) as Card;

it("says no sum when not all sessions are there", () => {
  const many = Array.from({ length: SESSIONS_MAX }, () => session("a", "coder", 1, "1"));
  expect(spendOf(many)).toBeNull();
  expect(spendOf(many.slice(1))).toBe(SESSIONS_MAX - 1);
  expect(spendOf(undefined)).toBeNull();
});

it("knows since when and why, from the newest change of stage", () => {
  const event = (position: number, type: string, data: object = {}, stream = "feature-p/f") =>
    ({ position, type, data, stream, at: `t${position}` }) as EventShape;
  const events = [
    event(1, "feature.claimed"),
    event(2, "feature.review_rejected", {
      verdict: { findings: [{ why: "No test." }, { why: "Too slow." }] },
    }),
    event(3, "feature.commented", { text: "x" }),
    event(4, "feature.claimed", {}, "feature-other/f"),
  ];
  expect(standsOf(events, "p").get("f")).toEqual({
    since: "t2",
    note: "No test. Too slow.",
    position: 2,
  });
  expect(standsOf(events, "p").size).toBe(1);
  const asked = [
    event(1, "feature.question_asked", { question: "Which zone?" }),
    event(2, "feature.released", { outcome: "asked" }),
  ];
  expect(standsOf(asked, "p").get("f")).toEqual({ since: "t2", note: "Which zone?", position: 2 });
});

it.each([
  [{ q: "curve draw" }, true],
  [{ q: "TIDE-1" }, true],
  [{ q: "curve berth" }, false],
  [{ cat: "charts" }, true],
  [{ cat: "web" }, false],
  [{ p: 0 }, false],
  [{ stale: true as const }, false],
  [{}, true],
])("%j matches: %s", (filters, wanted) => expect(matches(card({}), filters)).toBe(wanted));

it("sorts by a column, both ways, with numbers as numbers", () => {
  const list = [
    card({ id: "f-10", priority: 1 }),
    card({ id: "f-9", priority: 3 }),
    card({ id: "f-1", priority: 2 }),
  ];
  expect(sorted(list, "id").map((one) => one.id)).toEqual(["f-1", "f-9", "f-10"]);
  expect(sorted(list, "-priority").map((one) => one.priority)).toEqual([3, 2, 1]);
});
