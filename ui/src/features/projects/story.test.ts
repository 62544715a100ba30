import { expect, it } from "vitest";
import type { EventShape } from "@/features/api/shapes";
import { storyOf } from "./story";

const event = (position: number, type: string, data: object = {}) =>
  ({
    position,
    type: `project.${type}`,
    data,
    at: `2026-11-26T00:00:${String(position).padStart(2, "0")}Z`,
  }) as EventShape;

const RUN = [
  event(1, "registered"),
  event(2, "started", { by: "mira" }),
  event(3, "initialization_started"),
  event(4, "initialized", { count: 10 }),
  event(5, "milestone_due", { step: 10 }),
  event(6, "milestone_due", { step: 20 }),
  event(7, "milestone_settled", { covers: [10, 20], findings: 1, report: "r", session: "s" }),
  event(8, "completed"),
  event(9, "resumed"),
];

it("tells the run up to an instant", () => {
  expect(storyOf(RUN, 3)).toMatchObject({
    started: RUN[1]?.at,
    initializing: RUN[2],
    milestones: [],
  });
  expect(storyOf(RUN, 5).milestones.map((m) => [m.step, m.state])).toEqual([[10, "due"]]);
  expect(
    storyOf(RUN, RUN[6]?.at ?? "").milestones.map((m) => [m.step, m.state, m.findings]),
  ).toEqual([
    [10, "settled", 1],
    [20, "settled", 1],
  ]);
  expect(storyOf(RUN, 8).completed?.position).toBe(8);
  expect(storyOf(RUN, null).completed).toBeNull();
});
