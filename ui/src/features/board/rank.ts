// Where a card goes in the queue: which priority and rank it needs to stand at a place, and who else has to move when
// there is no room between its neighbours. Pure.

export type Ranked = { id: string; priority: number; rank: number };
export type RankChange = { id: string; priority: number; rank: number };

/** Room between two that are numbered afresh, so that the next ones find a place. */
const GAP = 1024;
/** More than this many changes are not done one by one. */
export const CHANGES_MAX = 60;

function priorityAt(card: Ranked, before: Ranked | undefined, after: Ranked | undefined): number {
  const least = before?.priority ?? 0;
  const most = after?.priority ?? 4;
  return Math.min(Math.max(card.priority, least), most);
}

/** Numbers these afresh so that all of them rise and stay between two bounds that may be open. */
function numbered(cards: readonly Ranked[], above: number | null, below: number | null): number[] {
  if (above !== null && below !== null) {
    const step = (below - above) / (cards.length + 1);
    if (step >= 1) return cards.map((_, at) => Math.floor(above + step * (at + 1)));
    return [];
  }
  if (above === null && below !== null)
    return cards.map((_, at) => below - GAP * (cards.length - at));
  const from = above ?? -GAP;
  return cards.map((_, at) => from + GAP * (at + 1));
}

/** The changes that put a card of an ordered list at a place, the fewest that do. */
export function placed(list: readonly Ranked[], id: string, place: number): RankChange[] {
  const card = list.find((one) => one.id === id);
  if (!card) return [];
  const others = list.filter((one) => one.id !== id);
  const at = Math.min(Math.max(0, place), others.length);
  const priority = priorityAt(card, others[at - 1], others[at]);
  const same = (one: Ranked | undefined) => (one && one.priority === priority ? one : undefined);

  // The run that is numbered grows to both sides until its ranks fit between those that stay.
  let [from, to] = [at, at];
  for (;;) {
    const run = [...others.slice(from, at), { ...card, priority }, ...others.slice(at, to)];
    const above = same(others[from - 1])?.rank ?? null;
    const below = same(others[to])?.rank ?? null;
    const ranks = numbered(run, above, below);
    if (ranks.length > 0) {
      const changes = run.map((one, n) => ({
        id: one.id,
        priority: one.priority,
        rank: ranks[n] ?? 0,
      }));
      const old = new Map(list.map((one) => [one.id, one]));
      return changes.filter(
        (one) => old.get(one.id)?.rank !== one.rank || old.get(one.id)?.priority !== one.priority,
      );
    }
    // No room: take the nearer end in, since an open end always has room.
    const left = others.slice(0, from).filter((one) => one.priority === priority).length;
    const right = others.slice(to).filter((one) => one.priority === priority).length;
    if (left <= right) from -= 1;
    else to += 1;
  }
}
