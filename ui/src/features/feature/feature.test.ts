import { expect, it, vi } from "vitest";
import type { EventShape } from "@/features/api/shapes";
import { deedsOf, LABELS } from "./deedsOf";

vi.mock("@/features/api/client", () => ({
  client: {},
  must: () => Promise.reject(new Error("no network")),
}));

it("offers only what the state allows", () => {
  expect(deedsOf("closed")).toEqual(["undo", "reopen"]);
  expect(deedsOf("claimed")).toEqual(["restart", "withdraw"]);
  expect(deedsOf("claimed", true)).toEqual(["submit", "release"]);
  expect(deedsOf("held")).toEqual(["approve", "refuse"]);
  expect(deedsOf("withdrawn")).toEqual([]);
  const all = [
    "open",
    "blocked",
    "claimed",
    "asked",
    "held",
    "quarantined",
    "set aside",
    "submitted",
    "closed",
  ].flatMap((status) => [...deedsOf(status), ...deedsOf(status, true)]);
  expect(new Set(all)).toEqual(new Set(Object.keys(LABELS)));
});

it("sends only what was changed", async () => {
  const { changeOf } = await import("./RequestTab");
  const before = {
    title: "A",
    description: "d",
    steps: ["one"],
    category: "web",
    priority: 2,
    labels: [],
  };
  const draft = {
    title: "A",
    description: "d",
    steps: "one\n\n two ",
    category: "web",
    priority: "1",
    labels: "x, y",
  };
  expect(changeOf(before, draft)).toEqual({
    steps: ["one", "two"],
    priority: 1,
    labels: ["x", "y"],
  });
  expect(changeOf(before, { ...draft, steps: "one", priority: "2", labels: "" })).toEqual({});
});

it("tells a story with what the merge queue did, newest first, up to an instant", async () => {
  const { storyEvents } = await import("./StoryTab");
  const event = (position: number, type: string, stream: string, data: object = {}) =>
    ({ position, type, stream, data, at: "" }) as EventShape;
  const own = [
    event(1, "feature.created", "feature-p/f"),
    event(9, "feature.closed", "feature-p/f"),
  ];
  const queue = [
    event(2, "trunk.queued", "trunk-p", { entry: 3, kind: { kind: "feature", feature: "f" } }),
    event(3, "trunk.queued", "trunk-p", { entry: 4, kind: { kind: "feature", feature: "other" } }),
    event(5, "trunk.verified", "trunk-p", { entry: 3 }),
    event(6, "trunk.verified", "trunk-p", { entry: 4 }),
  ];
  expect(storyEvents(own, queue, "f", null).map((one) => one.position)).toEqual([9, 5, 2, 1]);
  expect(storyEvents(own, queue, "f", 4).map((one) => one.position)).toEqual([2, 1]);
});
