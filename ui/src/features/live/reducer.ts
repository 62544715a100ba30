// What the feed's changes do to what is shown. Pure: the same steps as the server's tests take.
import type { Board, Card, ColumnName, Columns, Project } from "@/features/api/shapes";
import type { BoardChanges } from "./messages";

export const COLUMNS: readonly ColumnName[] = [
  "backlog",
  "in_progress",
  "review",
  "merging",
  "done",
  "needs_you",
];

function without(columns: Columns, ids: ReadonlySet<string>): Columns {
  const next = { ...columns };
  for (const name of COLUMNS) {
    const cards = columns[name];
    // A column that nothing leaves stays the same object, so that nothing of it is drawn again.
    if (cards.some((card) => ids.has(card.id)))
      next[name] = cards.filter((card) => !ids.has(card.id));
  }
  return next;
}

function place(
  columns: Columns,
  column: string,
  before: string | null | undefined,
  card: Card,
): Columns {
  const name = COLUMNS.find((known) => known === column);
  if (!name) return columns;
  const next = without(columns, new Set([card.id]));
  const cards = [...next[name]];
  const at = before ? cards.findIndex((one) => one.id === before) : -1;
  cards.splice(at < 0 ? cards.length : at, 0, card);
  return { ...next, [name]: cards };
}

/** The board after these changes. */
export function changedBoard(board: Board, changes: BoardChanges): Board {
  let columns = board.columns;
  if (changes.gone?.length) columns = without(columns, new Set(changes.gone));
  for (const one of changes.placed ?? [])
    columns = place(columns, one.column, one.before, one.card);
  const { placed: _, gone: __, ...rest } = changes;

  return {
    ...board,
    ...rest,
    project: changes.project ?? board.project,
    slots: changes.slots ?? board.slots,
    columns,
  };
}

/** The list of projects after these changes, by name. */
export function changedProjects(
  list: Project[],
  changes: { projects: Project[]; gone: string[] },
): Project[] {
  const gone = new Set([...changes.gone, ...changes.projects.map((one) => one.name)]);
  const next = [...list.filter((one) => !gone.has(one.name)), ...changes.projects];
  return next.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The card of a feature, wherever it stands. */
export function cardOf(
  board: Board | undefined,
  id: string,
): { card: Card; column: ColumnName } | null {
  if (!board) return null;
  for (const column of COLUMNS) {
    const card = board.columns[column].find((one) => one.id === id);
    if (card) return { card, column };
  }
  return null;
}
