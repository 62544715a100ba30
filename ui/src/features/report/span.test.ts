import { beforeEach, expect, it } from "vitest";
import type { ReportSentence } from "@/features/api/shapes";
import { grouped, look, lookedUpTo, rangeOf, type Section, TITLES } from "./span";

beforeEach(() => lookedUpTo.set({}));

it.each([
  ["8h", undefined, "8h", "8h"],
  ["24h", 7, "24h", "24h"],
  ["7d", 7, "7d", "7d"],
  [undefined, undefined, "8h", "8h"],
  [undefined, 7, "7", "looked"],
  [undefined, 0, "0", "looked"],
  ["looked", 7, "7", "looked"],
  ["looked", undefined, "8h", "8h"],
  ["looked", -1, "8h", "8h"],
  ["looked", 1.5, "8h", "8h"],
  ["yesterday", undefined, "8h", "8h"],
])("%s with %s is asked for as %s", (said, looked, since, chosen) =>
  expect(rangeOf(said, looked)).toEqual({ since, chosen }),
);

it("keeps how far somebody looked for each project", () => {
  look("zoo", 7);
  look("ark", 9);
  look("zoo", 8);
  expect(lookedUpTo.get()).toEqual({ zoo: 8, ark: 9 });
});

it("groups sentences in the order of the sections, and leaves none out", () => {
  const sections = Object.keys(TITLES) as Section[];
  const said = [...sections].reverse().flatMap((section) => [section, section]);
  const sentences = said.map((section, n) => ({ section, text: String(n) }) as ReportSentence);
  const groups = grouped(sentences);
  expect(groups.map((group) => group.section)).toEqual(sections);
  expect(groups.every((group) => group.sentences.length === 2)).toBe(true);
  expect(groups[0]?.sentences.map((one) => one.text)).toEqual(["20", "21"]);
  expect(grouped([])).toEqual([]);
});
