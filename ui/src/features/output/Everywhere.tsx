// What is looked for in the output of every session of a project.
import { useQuery } from "@tanstack/react-query";
import { asProblem } from "@/features/api/problem";
import { foundQuery } from "@/features/api/queries";
import { Here } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { many } from "@/ui/format";
import { Refused, Skeleton } from "@/ui/Parts";

export default function Everywhere({ project, find }: { project: string; find: string }) {
  const { data, error } = useQuery(foundQuery(project, find));
  const problem = error ? asProblem(error) : null;
  if (problem) return <Refused detail={problem.detail} code={problem.code} />;
  if (!data) return <Skeleton lines={3} />;
  return (
    <section className="everywhere" aria-label="Found in every session">
      <p className="small soft">
        {data.hits.length === 0
          ? "No session printed that."
          : `${many(data.hits.length, "line")}${data.more ? ", and there are more" : ""}.`}
      </p>
      <ul>
        {data.hits.map((hit, at) => (
          <li key={`${hit.session} ${at}`}>
            <Here
              search={{ session: hit.session, slot: undefined, line: undefined, mode: undefined }}
              className="mono tiny"
            >
              {hit.session.slice(0, 8)}
            </Here>
            <span className="cut mono small">
              <AgentText text={hit.line} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
