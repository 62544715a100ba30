import { expect, it } from "vitest";
import { agentOf, changed, msOf, ruleOf, ruleText, specOf, wordsOf } from "./form";

it.each([
  ["2 h", 7_200_000],
  ["90min", 5_400_000],
  ["1 h 30 min", 5_400_000],
  ["0.5 s", 500],
  ["30s", 30_000],
])("%s lasts %d ms", (text, ms) => expect(msOf(text)).toBe(ms));

it.each(["", "soon", "2", "2 h and", "-1 h", "1 fortnight"])("%s is no duration", (text) =>
  expect(msOf(text)).toBeNull(),
);

it("writes durations that come back as the same", () => {
  for (const ms of [1, 5_000, 60_000, 7_200_000, 28_800_000, 5_400_001, 90_061_001])
    expect(msOf(wordsOf(ms))).toBe(ms);
});

it.each([
  "registry.example.org:443",
  "*.tides.example.org:8080 GET,HEAD /v1",
  "db.internal:5432 private",
])("%s comes back as it was", (text) => {
  const rule = ruleOf(text);
  expect(rule && ruleText(rule)).toBe(text);
});

it.each(["", "https://example.org", "two words.org:99999", "host:0", "-bad.org"])(
  "%s is no rule",
  (text) => expect(ruleOf(text)).toBeNull(),
);

it("sends only what differs", () => {
  const before = { verify: "npm test", batch_max: 1, protected: [".github/"] };
  expect(changed(before, { verify: "npm test", batch_max: 2, protected: [".github/"] })).toEqual({
    batch_max: 2,
  });
  expect(changed({ setup: null }, { setup: null })).toEqual({});
  expect(specOf(agentOf({ dialect: "claude", model: " m ", command: null }))).toEqual({
    dialect: "claude",
    model: "m",
    command: null,
  });
});
