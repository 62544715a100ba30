import { expect, it } from "vitest";
import { stepsOf, titleOf, untilNext } from "./Progress";

it.each([
  [0, 0, ""],
  [0, 10, "1 more until 10 %"],
  [37, 56, "3 more until 70 %"],
  [22, 56, "1 more until 40 %"],
  [9, 10, "1 more until 100 %"],
  [56, 56, "Nothing is left."],
])("%d of %d: %s", (closed, total, text) => expect(untilNext(closed, total)).toBe(text));

it("draws ten steps, whatever is known", () => {
  const steps = stepsOf([
    { step: 10, state: "settled", position: 1, at: "", findings: 1 },
    { step: 20, state: "due", position: 2, at: "" },
  ]);
  expect(steps).toHaveLength(10);
  expect(steps.slice(0, 3).map((one) => one.state)).toEqual(["on", "due", "none"]);
  expect(steps[0]?.text).toBe("10 %, overseen, 1 finding");
});

it("names entries that are no features", () => {
  expect(titleOf({ kind: "scaffold", title: null, feature: null })).toBe("Our own files");
  expect(titleOf({ kind: "undo", title: "A\u202eB", feature: "f" })).toBe("Undo: A⟨U+202E⟩B");
});
