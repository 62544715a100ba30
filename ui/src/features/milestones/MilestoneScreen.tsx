// What an overseer found when a tenth of the project was done: its report, by digest, as it was handed in.
import { useQuery } from "@tanstack/react-query";
import { asProblem } from "@/features/api/problem";
import { blobQuery } from "@/features/api/queries";
import type { Milestone } from "@/features/api/shapes";
import { stepsOf } from "@/features/board/Progress";
import { To, useAt, useGo } from "@/features/nav/links";
import { useProjectStory } from "@/features/projects/story";
import { AgentText } from "@/ui/AgentText";
import { Chip } from "@/ui/Chip";
import { hms, many, num } from "@/ui/format";
import { Icon } from "@/ui/icons";
import { Head, Problem, Skeleton, Void } from "@/ui/Parts";
import { Tally } from "@/ui/Tally";

type Report = {
  checked?: { requirement?: string; evidence?: string }[];
  findings?: { why?: string; path?: string | null; line?: number | null }[];
};

/** A report as JSON; what is none is shown as text. */
export function reportOf(text: string): Report | null {
  try {
    const value = JSON.parse(text) as Report;
    return Array.isArray(value.checked) || Array.isArray(value.findings) ? value : null;
  } catch {
    return null;
  }
}

function ReportView({ report }: { report: Report }) {
  const findings = report.findings ?? [];
  return (
    <>
      {findings.length > 0 && (
        <section className="mb-6">
          <h2 className="mb-2">Found</h2>
          {findings.map((one, at) => (
            <blockquote key={`${at}${one.why}`}>
              {one.path && (
                <code>
                  <AgentText text={`${one.path}${one.line ? `:${one.line}` : ""} `} />
                </code>
              )}
              <AgentText text={one.why ?? ""} />
            </blockquote>
          ))}
        </section>
      )}
      <table>
        <thead>
          <tr>
            <th>Requirement</th>
            <th>Evidence</th>
          </tr>
        </thead>
        <tbody>
          {(report.checked ?? []).map((one, at) => (
            <tr key={`${at}${one.requirement}`}>
              <td>
                <AgentText text={one.requirement ?? ""} />
              </td>
              <td className="small soft">
                <AgentText text={one.evidence ?? ""} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Settled({ project, milestone }: { project: string; milestone: Milestone }) {
  const { data, error } = useQuery({
    ...blobQuery(milestone.report ?? ""),
    enabled: Boolean(milestone.report),
  });
  const report = data === undefined ? null : reportOf(String(data));
  return (
    <>
      <div className="row wrap mb-4">
        <To className="btn sm" path={`/p/${project}/board`} search={{ at: milestone.position }}>
          <Icon name="clock" />
          The board then
        </To>
        {milestone.session && (
          <To
            className="btn sm"
            path={`/p/${project}/output`}
            search={{ session: milestone.session }}
          >
            Output of the overseer
          </To>
        )}
        <To
          className="btn sm ghost"
          path={`/p/${project}/log`}
          search={{ event: milestone.position }}
        >
          What it led to
        </To>
      </div>
      {error && (
        <Problem title="Not shown" detail={asProblem(error).detail} code={asProblem(error).code} />
      )}
      {data === undefined && !error && <Skeleton lines={4} />}
      {report && <ReportView report={report} />}
      {data !== undefined && !report && (
        <pre className="raw">
          <AgentText text={String(data)} />
        </pre>
      )}
    </>
  );
}

export default function MilestoneScreen({ project, step }: { project: string; step: number }) {
  const at = useAt();
  const go = useGo();
  const story = useProjectStory(project, at);
  const milestone = story.milestones.find((one) => one.step === step);
  const settled = milestone?.state === "settled";
  return (
    <>
      <Head
        title={`${step} % of ${project}`}
        actions={
          <Chip tone={settled ? "done" : milestone ? "look" : ""}>
            {settled ? "Overseen" : milestone ? "An overseer is to look" : "Not reached"}
          </Chip>
        }
      >
        {settled && milestone ? (
          <>
            Overseen at {hms(milestone.at)}, position {num(milestone.position)}:{" "}
            {milestone.findings ? many(milestone.findings, "finding") : "nothing found"}.
          </>
        ) : (
          "An overseer looks at the whole project when this much is done."
        )}
      </Head>
      <div className="scroll">
        <nav className="tally mb-5" aria-label="Milestones">
          <Tally
            steps={stepsOf(story.milestones)}
            onOpen={(next) => go(`/p/${project}/milestones/${next}`)}
          />
        </nav>
        {settled && milestone ? (
          <Settled project={project} milestone={milestone} />
        ) : (
          <Void
            art={milestone ? "half" : "none"}
            title={milestone ? "The overseer has not reported yet" : "Not reached"}
          >
            Its report comes here: each requirement that was checked with its evidence, and what was
            found. Findings become features.
          </Void>
        )}
      </div>
    </>
  );
}
