import { expect, it } from "vitest";
import type { Need, Project } from "@/features/api/shapes";
import { itemsOf, kindOf, shortly, subjectOf } from "./items";

const need = (kind: string, command: string | null, text = "t") =>
  ({ kind, command, text }) as Need;

it.each([
  ["supercargo queue approve tidebook 29", { feature: null, entry: 29, slot: null }],
  [
    "supercargo feature requeue tidebook tide-bqdj7",
    { feature: "tide-bqdj7", entry: null, slot: null },
  ],
  [
    "supercargo feature answer tidebook tide-cljb7 TEXT",
    { feature: "tide-cljb7", entry: null, slot: null },
  ],
  ["supercargo container restart tidebook 3", { feature: null, entry: null, slot: 3 }],
  ["supercargo project retry tidebook", { feature: null, entry: null, slot: null }],
  [null, { feature: null, entry: null, slot: null }],
])("%s is about %j", (command, subject) =>
  expect(subjectOf(need("x", command), "tidebook")).toEqual(subject),
);

it("takes what the server says in parts before what it says in words", () => {
  const said = { ...need("held", "supercargo queue approve p 1"), entry: 7, feature: "f" };
  expect(subjectOf(said, "p")).toEqual({ feature: "f", entry: 7, slot: null });
});

it("lists over projects, each with an id of its own that stays", () => {
  const projects = [
    {
      name: "a",
      needs: [
        need("question", "supercargo feature answer a f1 TEXT"),
        need("copy", null, "not cloned"),
      ],
    },
    { name: "b", needs: [need("question", "supercargo feature answer b f1 TEXT")] },
  ] as unknown as Project[];
  const items = itemsOf(projects);
  expect(items.map((one) => one.id)).toEqual([
    "a/question/f1",
    "a/copy/not cloned",
    "b/question/f1",
  ]);
  expect(itemsOf(projects).map((one) => one.id)).toEqual(items.map((one) => one.id));
  expect(kindOf("novel_kind").said).toBe("novel kind");
});

it.each([
  ["tide-b7ykp asks: is 22:00 one span?", "Is 22:00 one span?"],
  ["tide-wjy3g is quarantined: 3 failed tries", "3 failed tries"],
  ["entry 23 of tide-5gmle changes Dockerfile: `queue approve p 23`", "Changes Dockerfile"],
  ["slot 3 is quarantined: it does not start", "Slot 3 is quarantined: it does not start"],
  ["upstream cannot be copied: no route", "Upstream cannot be copied: no route"],
])("says %s shortly", (text, words) => expect(shortly({ text, command: "x" })).toBe(words));
