import { expect, it } from "vitest";
import type { EventShape } from "@/features/api/shapes";
import { edgesOf, levelsOf, placesOf } from "./graph";

const event = (type: string, data: object) => ({ type: `backlog.${type}`, data }) as EventShape;
const edge = (feature: string, on: string) => ({ feature, on });

it("follows the backlog's own events", () => {
  const edges = edgesOf([
    event("admitted", { edges: [edge("b", "a"), edge("c", "b")] }),
    event("dependency_added", { edge: edge("d", "a") }),
    event("dependency_removed", { edge: edge("c", "b") }),
    event("withdrawn", { id: "d" }),
  ]);
  expect(edges).toEqual([edge("b", "a")]);
});

it("puts everything right of what it waits for", () => {
  const edges = [edge("b", "a"), edge("c", "b"), edge("c", "a"), edge("y", "x")];
  const levels = levelsOf(edges);
  for (const { feature, on } of edges)
    expect(levels.get(feature)).toBeGreaterThan(levels.get(on) ?? 99);
});

it("ends on a circle, and gives every one a place of its own", () => {
  const places = placesOf([edge("a", "b"), edge("b", "a"), edge("c", "a")]);
  expect(new Set(places.map((one) => one.id))).toEqual(new Set(["a", "b", "c"]));
  expect(new Set(places.map((one) => `${one.level}/${one.row}`)).size).toBe(3);
});
