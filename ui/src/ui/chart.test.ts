import { expect, it } from "vitest";
import { roof } from "./Chart";

it.each([
  [0, 1],
  [1, 1],
  [3, 4],
  [7, 10],
  [11, 20],
  [45, 50],
  [0.03, 0.04],
  [16_000_000, 20_000_000],
])("nothing of %d exceeds %d", (most, wanted) => expect(roof(most)).toBeCloseTo(wanted, 9));
