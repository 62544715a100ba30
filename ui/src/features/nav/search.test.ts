import { expect, it } from "vitest";
import { parsed, searchOf, written } from "./search";

it.each([
  "",
  "?at=1180&view=list&q=tide+curve&stale=1",
  "?at=2026-11-26T04%3A49%3A00Z&feature=tide-1&tab=diff",
  "?p=0&cat=caf%C3%A9&col=needs_you",
])("%s comes back as it was", (address) => {
  const again = written(searchOf(parsed(address)));
  expect(searchOf(parsed(again))).toEqual(searchOf(parsed(address)));
  expect(new URLSearchParams(again).toString().length).toBe(
    new URLSearchParams(address).toString().length,
  );
});

it("keeps a word that looks like a number a word", () => {
  expect(searchOf(parsed("?q=123&feature=42"))).toEqual({ q: "123", feature: "42" });
});

it.each([
  "?at=0",
  "?at=-3",
  "?at=yesterday",
  "?at=1e9",
  "?view=cake",
  "?p=x",
  "?stale=yes",
  "?q=",
  `?q=${"x".repeat(301)}`,
])("%s is as if it was not there", (address) => expect(searchOf(parsed(address))).toEqual({}));
