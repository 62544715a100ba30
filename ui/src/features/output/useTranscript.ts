// What a session printed, read once and then only what came since: again when an event of its slot says that there may
// be more, and when somebody asks.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { client, must } from "@/features/api/client";
import { grown, NOTHING, type Transcript } from "./lines";

type Read = Transcript & { ended: boolean };

async function more(session: string, before: Read | undefined): Promise<Read> {
  const from = before ?? { ...NOTHING, ended: false };
  if (from.ended) return from;
  let last = from.last;
  const [one, text] = await Promise.all([
    must(client.GET("/api/v1/sessions/{id}", { params: { path: { id: session } } })),
    must(
      client
        .GET("/api/v1/sessions/{id}/transcript", {
          params: { path: { id: session }, query: { after: from.last } },
          parseAs: "text",
        })
        .then((answered) => {
          last = Number(answered.response.headers.get("x-last-chunk") ?? from.last);
          return answered as { data?: string; error?: unknown; response: Response };
        }),
    ),
  ]);
  // What ended before this read is all there; what ends meanwhile is read once more by its event.
  const ended =
    one.ended !== null &&
    one.ended !== undefined &&
    Date.now() - new Date(one.ended).getTime() > 5_000;
  return { ...grown(from, text ?? "", last, ended), ended };
}

export function useTranscript(session: string | null) {
  const queries = useQueryClient();
  const queryKey = useMemo(() => ["transcript", session], [session]);
  return useQuery({
    queryKey,
    queryFn: () => more(session ?? "", queries.getQueryData<Read>(queryKey)),
    enabled: session !== null,
    gcTime: 60_000,
  });
}
