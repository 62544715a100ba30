import { expect, it } from "vitest";
import { noticesOf } from "./notices";

const seen = (status: string, needs: string[] = [], name = "zoo") => ({
  name,
  status,
  needs: needs.map((text) => ({ kind: "question", text })),
});
const kinds = (...of: Parameters<typeof noticesOf>) => noticesOf(...of).map((one) => one.kind);

it("tells nothing when the page is loaded or another project is looked at", () => {
  expect(noticesOf(undefined, seen("completed", ["a"]))).toEqual([]);
  expect(noticesOf(seen("stopped"), seen("running", ["a"], "farm"))).toEqual([]);
});

it("tells a start, an end, and what newly needs somebody, each once", () => {
  expect(kinds(seen("stopped"), seen("running"))).toEqual(["started"]);
  expect(kinds(seen("draining"), seen("running"))).toEqual([]);
  expect(kinds(seen("running"), seen("running"))).toEqual([]);
  expect(kinds(seen("running"), seen("completed"))).toEqual(["completed"]);
  expect(kinds(seen("running", ["a"]), seen("running", ["a", "b"]))).toEqual(["needs"]);
  expect(kinds(seen("running", ["a", "b"]), seen("running", ["b"]))).toEqual([]);
});
