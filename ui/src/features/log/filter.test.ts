import { expect, it } from "vitest";
import type { EventShape } from "@/features/api/shapes";
import { causesOf, consequencesOf, passes, shown } from "./filter";

const event = (position: number, type: string, more: Partial<EventShape> = {}) =>
  ({
    position,
    type,
    stream: "feature-p/f",
    principal: "operator:mira",
    correlation: "c1",
    causation: null,
    data: {},
    ...more,
  }) as EventShape;

it.each([
  [{ type: "feature" }, true],
  [{ type: "feature.claimed" }, true],
  [{ type: "feature.claim" }, false],
  [{ type: "trunk" }, false],
  [{ q: "claimed MIRA" }, true],
  [{ q: "42" }, true],
  [{ q: "nobody" }, false],
  [{ principal: "operator:jon" }, false],
  [{ correlation: "c1" }, true],
  [{ stream: "feature-p/g" }, false],
])("%j passes: %s", (filters, wanted) =>
  expect(passes(event(42, "feature.claimed"), filters)).toBe(wanted),
);

it("hides housekeeping unless it is asked for, or is what is looked at", () => {
  const noise = event(7, "container.removed", { stream: "container-p/1" });
  expect(passes(noise, {})).toBe(false);
  expect(passes(noise, { all: true })).toBe(true);
  expect(passes(noise, { event: 7 })).toBe(true);
  expect(passes(noise, { correlation: "c1" })).toBe(true);
});

it("shows a project's events and the server's, newest first", () => {
  const events = [
    event(1, "feature.claimed"),
    event(2, "feature.claimed", { stream: "feature-q/f" }),
    event(3, "node.started", { stream: "node-local" }),
  ];
  expect(shown(events, "p", {}).map((one) => one.position)).toEqual([3, 1]);
  expect(shown(events, null, {}).map((one) => one.position)).toEqual([3, 2, 1]);
});

it("follows causes to the first and consequences one step, and ends on what is not known", () => {
  const events = [
    event(1, "a.b"),
    event(2, "a.b", { causation: 1 }),
    event(5, "a.b", { causation: 2 }),
    event(6, "a.b", { causation: 2 }),
  ];
  const known = new Map(events.map((one) => [one.position, one]));
  const last = events[2] as EventShape;
  expect(causesOf(last, known).map((one) => one.position)).toEqual([1, 2]);
  expect(causesOf(event(9, "a.b", { causation: 8 }), known)).toEqual([]);
  expect(consequencesOf(2, events).map((one) => one.position)).toEqual([5, 6]);
});
