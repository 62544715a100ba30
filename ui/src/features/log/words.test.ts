import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { EventShape } from "@/features/api/shapes";
import { about, isNoise, SAID, sentence, toneOf, who } from "./words";

const event = (type: string, data: object = {}, stream = "feature-p/f-1") =>
  ({ type, data, stream }) as EventShape;

const root = join(import.meta.dirname, "../../../../events");
function types(): string[] {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\bevent\.rs$|node/.test(name),
  );
  const found = files
    .filter((name) => name.endsWith(".rs"))
    .flatMap((name) => {
      const text = readFileSync(join(root, name), "utf8");
      return [
        ...text.matchAll(/= "((?:feature|container|trunk|project|backlog)\.[a-z_]+)", \d/g),
      ].map((match) => match[1] ?? "");
    });
  return [...new Set(found)].sort();
}

it("has words for every event that the house can write", () => {
  const known = types();
  expect(known.length).toBeGreaterThan(90);
  expect(known.filter((type) => !SAID.includes(type))).toEqual([]);
});

it("says something of every event without knowing its data, and never a hole", () => {
  for (const type of SAID) {
    const words = sentence(event(type));
    expect(words, type).not.toMatch(/undefined|null|NaN|\[object/);
    expect(words.length, type).toBeGreaterThan(3);
  }
  expect(sentence(event("novel.thing_happened"))).toBe("novel.thing happened");
});

it.each([
  ["feature.claimed", { epoch: 2, holder: { kind: "berth", n: 3 } }, "Claimed by slot 3, claim 2"],
  [
    "feature.claimed",
    { epoch: 1, holder: { kind: "outside", principal: "mira" } },
    "Claimed by mira, claim 1",
  ],
  [
    "feature.closed",
    { closing: { how: "merged", sha: "94a065c3c31b" } },
    "Merged upstream as 94a065c",
  ],
  ["feature.merge_rejected", { fault: "conflict" }, "Sent back: it does not merge"],
  ["project.milestone_settled", { covers: [10, 20], findings: 1 }, "10, 20 % overseen, 1 finding"],
  [
    "trunk.verified",
    { entry: 4, evidence: { kind: "ran", exit: 0, tree: "b2d46510f690" } },
    "Entry 4 is verified: exit 0 on tree b2d4651",
  ],
])("%s is said plainly", (type, data, words) => expect(sentence(event(type, data))).toBe(words));

it("gives tones by meaning", () => {
  expect(toneOf(event("feature.closed"))).toBe("done");
  expect(toneOf(event("feature.quarantined"))).toBe("alarm");
  expect(toneOf(event("trunk.verification_failed"))).toBe("alarm");
  expect(toneOf(event("trunk.verified"))).toBe("done");
  expect(toneOf(event("feature.question_asked"))).toBe("wait");
  expect(toneOf(event("container.session_ended", { outcome: "completed" }))).not.toBe("alarm");
  expect(toneOf(event("container.session_ended", { outcome: "failed" }))).toBe("alarm");
});

it("knows housekeeping, principals and subjects", () => {
  expect(isNoise(event("container.removed"))).toBe(true);
  expect(isNoise(event("container.assigned"))).toBe(false);
  expect(who("operator:mira")).toBe("mira");
  expect(who("session:s-l5tanivqgh6cx5c4")).toBe("session s-l5tan…");
  expect(about(event("x", {}, "container-p/3"))).toBe("slot 3");
});
