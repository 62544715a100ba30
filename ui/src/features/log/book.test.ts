import { beforeAll, expect, it, vi } from "vitest";
import type { EventShape } from "@/features/api/shapes";
import type { Book } from "./book";

vi.mock("@/features/api/client", () => ({
  client: {},
  must: () => Promise.reject(new Error("no network")),
}));
let rules: typeof import("./book");
beforeAll(async () => {
  rules = await import("./book");
});

const events = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => ({ position: from + at }) as EventShape);
const positions = (b: Book) => b.events.map((event) => event.position);
const at = (from: number, to: number): Book => ({
  events: events(from, to),
  after: from - 1,
  loading: false,
});

it("grows at the end, each event once", () => {
  const next = rules.appended(at(5, 7), [...events(6, 7), ...events(8, 9)]);
  expect(positions(next)).toEqual([5, 6, 7, 8, 9]);
  expect(next.after).toBe(4);
  expect(rules.appended(next, events(1, 9))).toBe(next);
});

it("never has a hole: what does not follow begins anew", () => {
  const next = rules.appended(at(5, 7), events(20, 21));
  expect(positions(next)).toEqual([20, 21]);
  expect(next.after).toBe(19);
});

it("keeps a bounded number, and says from where on", () => {
  const next = rules.appended(at(1, 20_000), events(20_001, 20_010));
  expect(next.events).toHaveLength(20_000);
  expect(next.after).toBe(10);
  expect(next.events[0]?.position).toBe(11);
});

it("grows at the beginning", () => {
  const next = rules.prepended(at(5, 7), events(3, 5), 2);
  expect(positions(next)).toEqual([3, 4, 5, 6, 7]);
  expect(next.after).toBe(2);
});
