import { expect, it } from "vitest";
import type { ContainerUsage } from "@/features/api/shapes";
import { KEPT, tracked } from "./samples";

const use = (container: string, cpu_ms: number, memory_bytes = 7) =>
  ({ container, cpu_ms, memory_bytes }) as ContainerUsage;

it("takes the processor's share between two reads, and none of the first", () => {
  let tracks = tracked({}, [use("a", 100)], 1000);
  expect(tracks.a?.samples).toEqual([{ cpu: null, memory: 7 }]);
  tracks = tracked(tracks, [use("a", 1100)], 3000);
  expect(tracks.a?.samples.at(-1)?.cpu).toBe(0.5);
});

it("begins anew for another container, and forgets one that is gone", () => {
  const tracks = tracked(tracked({}, [use("a", 100)], 1000), [use("b", 5)], 2000);
  expect(Object.keys(tracks)).toEqual(["b"]);
});

it("takes no sample of two reads at once, and keeps a bounded number", () => {
  let tracks = tracked({}, [use("a", 0)], 0);
  tracks = tracked(tracks, [use("a", 50)], 100);
  expect(tracks.a?.samples).toHaveLength(1);
  for (let n = 1; n < 100; n += 1) tracks = tracked(tracks, [use("a", n * 10)], n * 1000);
  expect(tracks.a?.samples).toHaveLength(KEPT);
});
