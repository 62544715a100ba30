import { expect, it } from "vitest";
import type { EventShape } from "@/features/api/shapes";
import { streamOf } from "./streams";
import { touched, touchedBy } from "./touched";

const event = (stream: string, type: string, data = {}) => ({ stream, type, data }) as EventShape;

it.each([
  ["feature-tidebook/tide-1", { kind: "feature", project: "tidebook", id: "tide-1" }],
  ["container-quay-cli/3", { kind: "container", project: "quay-cli", id: "3" }],
  ["trunk-quay-cli", { kind: "trunk", project: "quay-cli", id: null }],
  ["node", { kind: "node", project: null, id: null }],
  ["subscription-chat", { kind: "subscription", project: null, id: "chat" }],
])("%s is read", (stream, name) => expect(streamOf(stream)).toEqual(name));

it("touches what an event is about, and nothing of another project", () => {
  expect(touched(event("feature-a/f1", "feature.submitted"))).toEqual([
    ["feature", "a", "f1"],
    ["stream", "feature-a/f1"],
    ["features", "a"],
    ["evidence", "a"],
    ["diff", "a", "f1"],
    ["why", "a"],
  ]);
  expect(
    touched(event("container-a/1", "container.assigned", { assignment: { session: "s-9" } })),
  ).toContainEqual(["transcript", "s-9"]);
  expect(touched(event("trunk-a", "trunk.queued"))).toEqual([
    ["queue", "a"],
    ["evidence", "a"],
    ["why", "a"],
  ]);
  expect(touched(event("node", "node.sealed"))).toEqual([]);
});

it("names a key once for a batch", () => {
  const batch = Array.from({ length: 500 }, () => event("trunk-a", "trunk.queued"));
  expect(touchedBy(batch)).toHaveLength(3);
});
