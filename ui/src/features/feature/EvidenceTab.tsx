// What stands behind "done": prompts, verdicts, verifications, ends of sessions, each with the event that names it and
// the text behind its digest.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/features/api/problem";
import { blobQuery, evidenceQuery } from "@/features/api/queries";
import type { At, Evidence } from "@/features/api/shapes";
import { To } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { hms, num } from "@/ui/format";
import { Icon } from "@/ui/icons";
import { Problem, Skeleton, Time, Void } from "@/ui/Parts";

const good = (what: string) => /exit 0|verdict: pass|completed/.test(what);
const bad = (what: string) => /exit [1-9]|verdict: reject|failed|timed_out|lost/.test(what);

function Blob({ digest }: { digest: string }) {
  const { data, error } = useQuery(blobQuery(digest));
  if (error) return <p className="small wrong">{asProblem(error).detail}</p>;
  if (data === undefined) return <Skeleton lines={2} />;
  return (
    <pre className="raw">
      <AgentText text={String(data)} />
    </pre>
  );
}

function Piece({ project, piece }: { project: string; piece: Evidence }) {
  const [open, setOpen] = useState(false);
  const has = piece.text || piece.digest;
  return (
    <tr>
      <td className={good(piece.what) ? "text-done" : bad(piece.what) ? "text-alarm" : "muted"}>
        <Icon name={good(piece.what) ? "ok" : bad(piece.what) ? "close" : "log"} />
      </td>
      <td>
        <b className="font-medium">
          <AgentText text={piece.what.charAt(0).toUpperCase() + piece.what.slice(1)} />
        </b>
        <br />
        <span className="muted tiny">
          <Time at={piece.at}>{hms(piece.at)}</Time>, event{" "}
          <To path={`/p/${project}/log`} search={{ event: piece.position }}>
            {num(piece.position)}
          </To>
          {piece.session && (
            <>
              ,{" "}
              <To path={`/p/${project}/output`} search={{ session: piece.session }}>
                output
              </To>
            </>
          )}
          {piece.digest && (
            <>
              , digest <code>{piece.digest.slice(0, 12)}</code>
            </>
          )}
        </span>
        {open && piece.text && (
          <pre className="raw">
            <AgentText text={piece.text} />
          </pre>
        )}
        {open && !piece.text && piece.digest && <Blob digest={piece.digest} />}
      </td>
      <td className="num">
        {has && (
          <Button
            small
            look="ghost"
            aria-expanded={open}
            aria-label={`${open ? "Hide" : "Read"} ${piece.what}`}
            onClick={() => setOpen(!open)}
          >
            {open ? "Hide" : "Read"}
          </Button>
        )}
      </td>
    </tr>
  );
}

export default function EvidenceTab({ project, id, at }: { project: string; id: string; at: At }) {
  const { data, error } = useQuery(evidenceQuery(project, { feature: id }));
  if (error) {
    const problem = asProblem(error);
    return <Problem title="Not shown" detail={problem.detail} code={problem.code} />;
  }
  if (!data) return <Skeleton lines={4} />;
  const shown = data.filter((one) => typeof at !== "number" || one.position <= at).reverse();
  if (shown.length === 0)
    return (
      <Void title="No evidence yet">
        Verdicts, verifications and prompts are kept here, each under its digest.
      </Void>
    );
  return (
    <table className="checks">
      <tbody>
        {shown.map((piece) => (
          <Piece key={`${piece.position}${piece.what}`} project={project} piece={piece} />
        ))}
      </tbody>
    </table>
  );
}
