// Verify now, audit now: the server walks over its whole log and says how far it is, and what it found.
import { useState } from "react";
import { To } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { num } from "@/ui/format";
import { Refused } from "@/ui/Parts";
import { type Walk, type WalkKind, walkLog } from "./walk";

const BREACHES_SHOWN = 50;

function At({ position }: { position: number }) {
  return (
    <To path="/log" search={{ event: position }}>
      {num(position)}
    </To>
  );
}

function Found({ walk }: { walk: Extract<Walk, { state: "ended" }> }) {
  const { found } = walk;
  switch (found.type) {
    case "sound":
      return (
        <p>
          <Chip tone="done">Sound</Chip> {num(found.head)} events, sealed up to {num(found.sealed)}.
          <br />
          <code className="tiny">{found.digest}</code>
        </p>
      );
    case "broken":
      return (
        <p>
          <Chip tone="alarm">Broken</Chip> Position <At position={found.at} /> is{" "}
          <AgentText text={found.damage} />: nothing from there on can be trusted.
        </p>
      );
    case "failed":
      return (
        <p>
          <Chip tone="alarm">Not finished</Chip> <AgentText text={found.detail} />
        </p>
      );
    case "audited":
      return (
        <>
          <p>
            {found.breaches.length === 0 ? (
              <Chip tone="done">Clean</Chip>
            ) : (
              <Chip tone="alarm">{num(found.breaches.length)} breaches</Chip>
            )}{" "}
            {num(found.events)} events.
            {found.unverified.length > 0 &&
              ` ${num(found.unverified.length)} merges were published without a verification, as the settings accept.`}
          </p>
          <table>
            <tbody>
              {found.breaches.slice(0, BREACHES_SHOWN).map((breach) => (
                <tr key={`${breach.id} ${breach.position} ${breach.reason}`}>
                  <td>{breach.id}</td>
                  <td>
                    <At position={breach.position} />
                  </td>
                  <td>
                    <AgentText text={breach.reason} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      );
  }
}

function One({ kind, name }: { kind: WalkKind; name: string }) {
  const [walk, setWalk] = useState<Walk>({ state: "idle" });
  const going = walk.state === "going";

  return (
    <div className="mb-4">
      <Button busy={going} onClick={() => void walkLog(kind, setWalk)}>
        {name}
      </Button>
      <div aria-live="polite" className="mt-2">
        {going && (
          <p className="soft">
            <progress
              aria-label={`${name}: events looked at`}
              max={walk.of || 1}
              value={walk.of ? walk.looked : undefined}
            />{" "}
            {walk.of > 0 ? `${num(walk.looked)} of ${num(walk.of)} events` : "Begins…"}
          </p>
        )}
        {walk.state === "ended" && <Found walk={walk} />}
        {walk.state === "refused" && (
          <Refused detail={walk.problem.detail} code={walk.problem.code} />
        )}
      </div>
    </div>
  );
}

export function Walks() {
  return (
    <section className="mb-6">
      <h2 className="mb-2">By this server, now</h2>
      <One kind="verify" name="Verify now" />
      <One kind="audit" name="Audit now" />
    </section>
  );
}
