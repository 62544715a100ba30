import { expect, it } from "vitest";
import type { EventShape } from "@/features/api/shapes";
import { placed, placeOf, remarksOf } from "./remarks";

const PATHS = ["src/light.sh", "odd:3: name", "a b.txt"];
const event = (position: number, type: string, data: object) =>
  ({ position, type: `feature.${type}`, data }) as unknown as EventShape;

it.each([
  ["src/light.sh:12: Say how.", { path: "src/light.sh", line: 12, text: "Say how." }],
  ["src/light.sh:12:Say how.", { path: "src/light.sh", line: 12, text: "Say how." }],
  ["odd:3: name:4: Why?", { path: "odd:3: name", line: 4, text: "Why?" }],
  ["a b.txt:1: Two\nlines", { path: "a b.txt", line: 1, text: "Two\nlines" }],
  ["src/light.sh is odd", null],
  ["src/light.sh:twelve: odd", null],
  ["src/other.sh:1: not of this work", null],
  ["See src/light.sh:12: there", null],
])("reads the place of %j", (text, wanted) => expect(placeOf(text, PATHS)).toEqual(wanted));

it.each(PATHS)("reads the place that it wrote in %s", (path) =>
  expect(placeOf(placed(path, 7, "  Why? \n"), PATHS)).toEqual({ path, line: 7, text: "Why?" }),
);

it("finds comments and findings at their lines, oldest first, and which are of earlier work", () => {
  const finding = { path: "src/light.sh", line: 3, why: "It never ends." };
  const verdict = { findings: [finding, { path: "a b.txt", why: "Not wanted." }, { why: "Odd." }] };
  const remarks = remarksOf(
    [
      event(9, "commented", { by: "ann", text: "src/light.sh:1: Better." }),
      event(1, "submitted", { sha: "aa" }),
      event(2, "work_secured", { sha: "aa" }),
      event(3, "commented", { by: "ann", text: "Well done." }),
      event(4, "review_rejected", { verdict }),
      event(6, "submitted", { sha: "bb" }),
      event(7, "work_secured", { sha: null }),
    ],
    PATHS,
  );
  expect(remarks).toEqual([
    {
      key: "4.0",
      path: "src/light.sh",
      line: 3,
      text: "It never ends.",
      by: null,
      isEarlier: true,
    },
    { key: "4.1", path: "a b.txt", line: null, text: "Not wanted.", by: null, isEarlier: true },
    { key: "9.0", path: "src/light.sh", line: 1, text: "Better.", by: "ann", isEarlier: false },
  ]);
});
