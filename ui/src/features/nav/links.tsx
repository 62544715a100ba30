// Links and moves that keep the instant: whoever is in the past stays there until they leave it on purpose.
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ComponentProps, type ComponentType, useCallback } from "react";
import type { At } from "@/features/api/pending";
import { atOf, clean, type Search } from "./search";

type Loose = Omit<ComponentProps<"a">, "href"> & {
  to: string;
  search: (before: Search) => Search;
  replace?: boolean;
  activeOptions?: { exact?: boolean; includeSearch?: boolean };
};

// The router types every address; ours are made from names, so this is the one place that says which.
const Any = Link as unknown as ComponentType<Loose>;

type To = Omit<ComponentProps<"a">, "href"> & { path: string; search?: Search; exact?: boolean };

/** To another screen, at the same instant. */
export function To({ path, search, exact, ...rest }: To) {
  return (
    <Any
      {...rest}
      to={path}
      search={(before) => clean({ at: before.at, ...search })}
      activeOptions={{ exact: exact ?? false, includeSearch: false }}
    />
  );
}

/** On this screen, with something of the address changed. */
export function Here({
  search,
  ...rest
}: Omit<ComponentProps<"a">, "href"> & { search: Search; replace?: boolean }) {
  return (
    <Any
      {...rest}
      to="."
      search={(before) => clean({ ...before, ...search })}
      activeOptions={{ exact: true, includeSearch: true }}
    />
  );
}

export function useSearchAll(): Search {
  return useSearch({ strict: false }) as Search;
}

export function useAt(): At {
  return atOf(useSearchAll());
}

type Move = (to: {
  to: string;
  search: (before: Search) => Search;
  replace?: boolean;
}) => Promise<void>;

/** Changes the address: filters replace what was, layers and instants push. */
export function useSetSearch(): (search: Search, replace?: boolean) => void {
  const navigate = useNavigate() as unknown as Move;
  return useCallback(
    (search, replace = false) =>
      void navigate({ to: ".", search: (before) => clean({ ...before, ...search }), replace }),
    [navigate],
  );
}

export function useGo(): (path: string, search?: Search) => void {
  const navigate = useNavigate() as unknown as Move;
  return useCallback(
    (path, search) =>
      void navigate({ to: path, search: (before) => clean({ at: before.at, ...search }) }),
    [navigate],
  );
}
