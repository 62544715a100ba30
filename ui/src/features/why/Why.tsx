// Why something is as it is and what it waits for: the server's own sentences, each with the events that show it.
import { useQuery } from "@tanstack/react-query";
import { asProblem } from "@/features/api/problem";
import { whyQuery } from "@/features/api/queries";
import type { At, Sentence } from "@/features/api/shapes";
import { To } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { num } from "@/ui/format";
import { Refused, Skeleton } from "@/ui/Parts";

/** What can be asked about; an entry of the merge queue is a merge. */
export type About = "project" | "feature" | "slot" | "merge" | "session";

function Told({ project, sentence }: { project: string; sentence: Sentence }) {
  return (
    <li className={sentence.part === "waits" ? "waits" : undefined}>
      <AgentText text={sentence.text} />{" "}
      <span className="muted tiny">
        {!sentence.is_shown && "up to "}
        {sentence.positions.map((position, n) => (
          <span key={position}>
            {n > 0 && ", "}
            <To path={`/p/${project}/log`} search={{ event: position }}>
              {num(position)}
            </To>
          </span>
        ))}
      </span>
    </li>
  );
}

type Props = { project: string; about: About; id: string | null; at: At };

export function Why({ project, about, id, at }: Props) {
  const { data, error } = useQuery(whyQuery(project, about, id, at));
  if (error) return <Refused detail={asProblem(error).detail} code={asProblem(error).code} />;
  if (!data) return <Skeleton lines={2} />;
  return (
    <ul className="why" aria-label="Why">
      {data.sentences.map((sentence, n) => (
        <Told key={n} project={project} sentence={sentence} />
      ))}
    </ul>
  );
}
