// The board of an instant.
import { useQuery } from "@tanstack/react-query";
import { type ApiError, asProblem } from "@/features/api/problem";
import { boardQuery } from "@/features/api/queries";
import type { At, Board } from "@/features/api/shapes";

export type Seen = { board: Board | undefined; problem: ApiError | null };

export function useBoard(project: string, at: At): Seen {
  const { data, error } = useQuery(boardQuery(project, at));
  return { board: data, problem: error ? asProblem(error) : null };
}
