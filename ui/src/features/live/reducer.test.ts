import { expect, it } from "vitest";
import type { Board, Card, Columns, Project } from "@/features/api/shapes";
import { COLUMNS, cardOf, changedBoard, changedProjects } from "./reducer";

const card = (id: string, title = id) => ({ id, title }) as Card;
const empty = () => Object.fromEntries(COLUMNS.map((name) => [name, []])) as unknown as Columns;
const board = (columns: Partial<Columns>) =>
  ({
    columns: { ...empty(), ...columns },
    project: { name: "p" },
    slots: [],
    position: 1,
  }) as unknown as Board;
const ids = (b: Board) => COLUMNS.map((name) => b.columns[name].map((one) => one.id).join(" "));

it("moves a card in front of another, and leaves columns alone that nothing touches", () => {
  const old = board({ backlog: [card("a"), card("b")], review: [card("r")], done: [card("d")] });
  const next = changedBoard(old, {
    placed: [{ column: "review", before: "r", card: card("a") }],
    position: 2,
  });
  expect(ids(next)).toEqual(["b", "", "a r", "", "d", ""]);
  expect(next.columns.done).toBe(old.columns.done);
  expect(next.position).toBe(2);
});

it("places at the end without a neighbour, replaces a card in place, and drops what is gone", () => {
  const old = board({ backlog: [card("a"), card("b"), card("c")] });
  const next = changedBoard(old, {
    gone: ["c"],
    placed: [
      { column: "backlog", before: "b", card: card("a", "new title") },
      { column: "backlog", before: null, card: card("z") },
    ],
    position: 3,
  });
  expect(ids(next)[0]).toBe("a b z");
  expect(next.columns.backlog[0]?.title).toBe("new title");
});

it("does what the server's own test does: any board becomes any other", () => {
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  for (let round = 0; round < 200; round += 1) {
    const make = () => {
      const columns = empty();
      for (let id = 0; id < 12; id += 1) {
        const name = COLUMNS[random(6)];
        if (name && random(3)) columns[name].splice(random(4), 0, card(`f${id}`, `t${random(3)}`));
      }
      return columns;
    };
    const [old, wanted] = [make(), make()];
    const has = new Set(COLUMNS.flatMap((name) => wanted[name].map((one) => one.id)));
    const gone = COLUMNS.flatMap((name) => old[name].map((one) => one.id)).filter(
      (id) => !has.has(id),
    );
    const placed = COLUMNS.flatMap((column) =>
      wanted[column]
        .map((one, at) => ({ column, before: wanted[column][at + 1]?.id ?? null, card: one }))
        .reverse(),
    );
    const next = changedBoard(board(old), { gone, placed, position: 9 });
    expect(next.columns).toEqual(wanted);
  }
});

it("ignores a column that is not known rather than to lose the board", () => {
  const old = board({ backlog: [card("a")] });
  const next = changedBoard(old, {
    placed: [{ column: "limbo", before: null, card: card("a") }],
    position: 2,
  });
  expect(ids(next)[0]).toBe("a");
});

it("keeps projects by name", () => {
  const p = (name: string, closed = 0) => ({ name, closed }) as unknown as Project;
  const next = changedProjects([p("a"), p("c")], { projects: [p("b"), p("c", 5)], gone: ["a"] });
  expect(next.map((one) => [one.name, one.closed])).toEqual([
    ["b", 0],
    ["c", 5],
  ]);
});

it("finds a card in whatever column", () => {
  const b = board({ merging: [card("m")] });
  expect(cardOf(b, "m")?.column).toBe("merging");
  expect(cardOf(b, "x")).toBeNull();
});
