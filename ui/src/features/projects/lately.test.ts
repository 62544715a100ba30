import { expect, it } from "vitest";
import { type Mark, newest } from "./lately";

const mark = (position: number, project: string | null): Mark => ({
  position,
  project,
  at: `2026-11-27T00:00:${String(position).padStart(2, "0")}Z`,
  kind: "milestone",
  text: "",
  type: "project.milestone_settled",
});
const marks = Array.from({ length: 12 }, (_, n) => mark(n + 1, n % 3 === 0 ? "zoo" : "farm"));
const positions = (of: readonly Mark[]) => of.map((one) => one.position);

it("has the newest seven, the newest first, and the newest of each project", () => {
  const { lately, byProject } = newest(marks, null);
  expect(positions(lately)).toEqual([12, 11, 10, 9, 8, 7, 6]);
  expect([byProject.get("zoo")?.position, byProject.get("farm")?.position]).toEqual([10, 12]);
});

it("knows nothing of what comes after the instant, a position or a time", () => {
  expect(positions(newest(marks, 4).lately)).toEqual([4, 3, 2, 1]);
  expect(newest(marks, "2026-11-27T00:00:03Z").byProject.get("zoo")?.position).toBe(1);
});
