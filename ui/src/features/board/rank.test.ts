import { expect, it } from "vitest";
import { placed, type Ranked } from "./rank";

const card = (id: string, rank = 0, priority = 2): Ranked => ({ id, rank, priority });

/** The order as the server has it: priority, rank, then as it was. */
function after(list: Ranked[], changes: ReturnType<typeof placed>): string[] {
  const changed = list.map((one) => ({
    ...one,
    ...changes.find((change) => change.id === one.id),
  }));
  return changed
    .map((one, at) => ({ one, at }))
    .sort((a, b) => a.one.priority - b.one.priority || a.one.rank - b.one.rank || a.at - b.at)
    .map(({ one }) => one.id);
}

it("is one change where there is room", () => {
  const list = [card("a", 0), card("b", 1000), card("c", 2000)];
  expect(placed(list, "c", 1)).toEqual([{ id: "c", priority: 2, rank: 500 }]);
  expect(placed(list, "c", 0)).toHaveLength(1);
  expect(placed(list, "a", 2)).toHaveLength(1);
});

it("puts every card of every list at every place", () => {
  let seed = 3;
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  for (let round = 0; round < 300; round += 1) {
    const size = 1 + random(9);
    const ranks = Array.from({ length: size }, () => ({
      priority: random(3),
      rank: random(4) * (round % 2),
    }));
    ranks.sort((a, b) => a.priority - b.priority || a.rank - b.rank);
    const list = ranks.map((one, at) => ({ id: `f${at}`, ...one }));
    const moved = `f${random(size)}`;
    const place = random(size);
    const wanted = list.filter((one) => one.id !== moved).map((one) => one.id);
    wanted.splice(place, 0, moved);
    const changes = placed(list, moved, place);
    expect(after(list, changes), JSON.stringify({ list, moved, place, changes })).toEqual(wanted);
    // Nobody else's priority changes for it.
    for (const change of changes.filter((one) => one.id !== moved)) {
      expect(change.priority).toBe(list.find((one) => one.id === change.id)?.priority);
    }
  }
});

it("takes the priority of its place", () => {
  const list = [card("a", 0, 1), card("b", 0, 3)];
  expect(placed(list, "b", 0)[0]).toMatchObject({ id: "b", priority: 1 });
  const three = [card("a", 0, 1), card("b", 0, 2), card("c", 0, 3)];
  expect(placed(three, "c", 1)[0]).toMatchObject({ priority: 2 });
});

it("moves nothing that is not there", () => expect(placed([], "x", 0)).toEqual([]));
