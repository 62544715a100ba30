import { expect, it } from "vitest";
import type { EventShape } from "@/features/api/shapes";
import { recapOf } from "./recap";

const event = (position: number, type: string) => ({ position, type }) as EventShape;
const LOG = [
  event(5, "feature.closed"),
  event(6, "feature.closed"),
  event(7, "project.milestone_settled"),
  event(8, "node.started"),
];

it("counts what came after, and only that", () => {
  expect(recapOf(LOG, { position: 5, at: 1 })).toEqual({
    from: 1,
    merged: 1,
    milestones: 1,
    restarts: 1,
  });
  expect(recapOf(LOG, { position: 8, at: 1 })).toEqual({
    from: 1,
    merged: 0,
    milestones: 0,
    restarts: 0,
  });
});

it("says nothing when it would count too little", () => {
  expect(recapOf(LOG, { position: 2, at: 1 })).toBeNull();
  expect(recapOf([], { position: 2, at: 1 })).toBeNull();
});
