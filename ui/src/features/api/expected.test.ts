import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { brought, expected } from "./expected";

const KEY = ["board", "zoo", null];
let queries: QueryClient;
beforeEach(() => {
  vi.useFakeTimers();
  queries = new QueryClient();
});
afterEach(() => {
  expected.drop(KEY);
  queries.clear();
  vi.useRealTimers();
});

it("does not wait for what nobody brings", async () => {
  expect(await brought(queries, KEY)).toBeUndefined();
});

it("takes what the feed brings", async () => {
  const waiting = brought(queries, KEY);
  expected.add(KEY);
  await vi.advanceTimersByTimeAsync(500);
  queries.setQueryData(KEY, "the board");
  expect(await waiting).toBe("the board");
});

it("asks at once when the feed was turned away, and in the end when it stays silent", async () => {
  expected.add(KEY);
  const turned = brought(queries, KEY);
  await vi.advanceTimersByTimeAsync(10);
  expected.drop(KEY);
  expect(await turned).toBeUndefined();

  expected.add(KEY);
  const silent = brought(queries, KEY);
  await vi.advanceTimersByTimeAsync(3_100);
  expect(await silent).toBeUndefined();
});

it("asks again for what is there: somebody wants it fresh", async () => {
  expected.add(KEY);
  queries.setQueryData(KEY, "old");
  expect(await brought(queries, KEY)).toBeUndefined();
});
