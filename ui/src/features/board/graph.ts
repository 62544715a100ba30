// What waits for what: edges from the backlog's own stream, and a place for each feature. Pure.
import type { EventShape } from "@/features/api/shapes";

export type Edge = { feature: string; on: string };
export type Place = { id: string; level: number; row: number };

/** The edges after these events of the stream `backlog-PROJECT`. */
export function edgesOf(events: readonly EventShape[]): Edge[] {
  const edges = new Map<string, Edge>();
  const key = (edge: Edge) => `${edge.feature} ${edge.on}`;
  for (const { type, data } of events) {
    if (type === "backlog.admitted")
      for (const edge of (data.edges ?? []) as Edge[]) edges.set(key(edge), edge);
    if (type === "backlog.dependency_added") edges.set(key(data.edge as Edge), data.edge as Edge);
    if (type === "backlog.dependency_removed") edges.delete(key(data.edge as Edge));
    if (type !== "backlog.withdrawn") continue;
    for (const [name, edge] of edges)
      if (edge.feature === data.id || edge.on === data.id) edges.delete(name);
  }
  return [...edges.values()];
}

/** A level for each: one more than the highest that it waits for. A circle, which cannot be, ends where it is met. */
export function levelsOf(edges: readonly Edge[]): Map<string, number> {
  const waits = new Map<string, string[]>();
  for (const { feature, on } of edges) {
    waits.set(feature, [...(waits.get(feature) ?? []), on]);
    if (!waits.has(on)) waits.set(on, []);
  }
  const levels = new Map<string, number>();
  const under = new Set<string>();
  const level = (id: string): number => {
    const known = levels.get(id);
    if (known !== undefined) return known;
    if (under.has(id)) return 0;
    under.add(id);
    const found = Math.max(-1, ...(waits.get(id) ?? []).map(level)) + 1;
    under.delete(id);
    levels.set(id, found);
    return found;
  };
  for (const id of waits.keys()) level(id);
  return levels;
}

/** Rows within levels, each near the middle of what it waits for. */
export function placesOf(edges: readonly Edge[]): Place[] {
  const levels = levelsOf(edges);
  const byLevel = new Map<number, string[]>();
  for (const [id, level] of levels) byLevel.set(level, [...(byLevel.get(level) ?? []), id]);
  const rows = new Map<string, number>();
  const places: Place[] = [];

  for (const level of [...byLevel.keys()].sort((a, b) => a - b)) {
    const middle = (id: string) => {
      const on = edges.filter((edge) => edge.feature === id).map((edge) => rows.get(edge.on) ?? 0);
      return on.length > 0 ? on.reduce((a, b) => a + b, 0) / on.length : 0;
    };
    const ids = byLevel.get(level) ?? [];
    const ordered = level === 0 ? ids : [...ids].sort((a, b) => middle(a) - middle(b));
    ordered.forEach((id, row) => {
      rows.set(id, row);
      places.push({ id, level, row });
    });
  }
  return places;
}
