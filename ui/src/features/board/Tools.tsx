// Search and filters of the board, all of them in the address.
import { useMemo } from "react";
import type { Board } from "@/features/api/shapes";
import { COLUMNS } from "@/features/live/reducer";
import { useSearchAll, useSetSearch } from "@/features/nav/links";
import { Button } from "@/ui/Button";
import { Search, Select } from "@/ui/Field";
import { Icon } from "@/ui/icons";
import { Segments } from "@/ui/Parts";

export function categoriesOf(board: Board | undefined): string[] {
  if (!board) return [];
  const names = new Set(
    COLUMNS.flatMap((name) => board.columns[name].map((card) => card.category)),
  );
  names.delete("");
  return [...names].sort();
}

const VIEWS = [
  [
    "board",
    <>
      <Icon key="i" name="board" />
      Board
    </>,
  ],
  [
    "list",
    <>
      <Icon key="i" name="list" />
      List
    </>,
  ],
  [
    "graph",
    <>
      <Icon key="i" name="graph" />
      Graph
    </>,
  ],
] as const;

export function Tools({ board }: { board: Board }) {
  const search = useSearchAll();
  const set = useSetSearch();
  const categories = useMemo(() => categoriesOf(board), [board]);
  const holders = useMemo(
    () =>
      [
        ...new Set(
          COLUMNS.flatMap((name) => board.columns[name].flatMap((card) => card.holder ?? [])),
        ),
      ].sort(),
    [board],
  );
  const any = search.q || search.cat || search.holder || search.stale || search.p !== undefined;

  return (
    <div className="tools">
      <Search
        label="Search features"
        keys="/"
        value={search.q ?? ""}
        onChange={(event) => set({ q: event.target.value }, true)}
      />
      <Select
        label="Category"
        hideLabel
        className="wide"
        value={search.cat ?? ""}
        onChange={(event) => set({ cat: event.target.value }, true)}
      >
        <option value="">All categories</option>
        {categories.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      {holders.length > 0 && (
        <Select
          label="Holder"
          hideLabel
          className="wide"
          value={search.holder ?? ""}
          onChange={(event) => set({ holder: event.target.value }, true)}
        >
          <option value="">Every holder</option>
          {holders.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
      <Button
        look={search.stale ? "plain" : "ghost"}
        className="wide"
        aria-pressed={search.stale ?? false}
        onClick={() => set({ stale: search.stale ? undefined : true }, true)}
      >
        Stale only
      </Button>
      {any && (
        <Button
          look="ghost"
          onClick={() =>
            set(
              { q: undefined, cat: undefined, holder: undefined, stale: undefined, p: undefined },
              true,
            )
          }
        >
          Clear
        </Button>
      )}
      <span className="grow" />
      <Segments
        className="wide"
        label="View"
        value={search.view ?? "board"}
        options={VIEWS}
        onChange={(view) => set({ view: view === "board" ? undefined : view })}
      />
    </div>
  );
}
