import { expect, it } from "vitest";
import { pathsOf } from "./Sparkline";

it("draws runs, and leaves gaps as gaps", () => {
  expect(pathsOf([0, 1, null, 0.5], 90)).toEqual(["M0.0 25.0L30.0 2.0", "M90.0 13.5"]);
  expect(pathsOf([null, null])).toEqual([]);
  expect(pathsOf([])).toEqual([]);
  expect(pathsOf([9, -1], 10)).toEqual(["M0.0 2.0L10.0 25.0"]);
});
