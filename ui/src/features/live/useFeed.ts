// The feed of this page: begun with the first frame, ended with the session.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useAt } from "@/features/nav/links";
import { Feed } from "./feed";

let feed: Feed | null = null;

export function useFeed(project: string | null): { again: () => void } {
  const queries = useQueryClient();
  const isPast = useAt() !== null;
  useEffect(() => {
    feed ??= new Feed(queries);
  }, [queries]);
  // In the past the board of now is not looked at; the list of projects and the events go on.
  useEffect(() => feed?.watch(isPast ? null : project), [project, isPast]);
  return useMemo(() => ({ again: () => feed?.again() }), []);
}

export function endFeed(): void {
  feed?.end();
  feed = null;
}
