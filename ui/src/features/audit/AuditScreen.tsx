// The log as evidence: how long it is, what sealed it, and how anybody checks it without trusting this page.
import { useMemo } from "react";
import { live } from "@/features/live/state";
import { book } from "@/features/log/book";
import { sentence } from "@/features/log/words";
import { PositionCell, TimeCell } from "@/features/nav/cells";
import { To, useAt } from "@/features/nav/links";
import { AgentText } from "@/ui/AgentText";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { useNow } from "@/ui/clock";
import { ago, hms, num } from "@/ui/format";
import { Head, Void } from "@/ui/Parts";
import { toast } from "@/ui/Toasts";
import { Walks } from "./Walks";

const COMMANDS = [
  [
    "supercargo log verify",
    "Reads the whole log and checks every link of the chain and every seal.",
  ],
  [
    "supercargo log audit",
    "Folds the log with a reducer of its own and looks for breaches of the invariants.",
  ],
  [
    "supercargo log export --since 1h > run.segment",
    "Writes a segment that can be checked elsewhere, without this server.",
  ],
] as const;
const SHOWN = 30;

function Command({ command, what }: { command: string; what: string }) {
  return (
    <tr>
      <td>
        <code>{command}</code>
        <br />
        <span className="small soft">{what}</span>
      </td>
      <td className="num">
        <Button
          small
          icon="copy"
          aria-label={`Copy: ${command}`}
          onClick={() => void navigator.clipboard?.writeText(command).then(() => toast("Copied."))}
        />
      </td>
    </tr>
  );
}

export default function AuditScreen() {
  const at = useAt();
  const { head } = live.use();
  const { events, after } = book.use();
  const now = useNow();
  const until = useMemo(
    () => events.filter((event) => typeof at !== "number" || event.position <= at),
    [events, at],
  );
  const seals = useMemo(
    () => until.filter((event) => event.type === "node.sealed").reverse(),
    [until],
  );
  const runs = useMemo(
    () =>
      until.filter((event) => /^node\.(started|stopped|books_diverged)/.test(event.type)).reverse(),
    [until],
  );
  const last = seals[0];
  const newest = until.at(-1);

  return (
    <>
      <Head title="Audit">
        {num(typeof at === "number" ? at : (head ?? 0))} events.{" "}
        {last
          ? `Last sealed at position ${num(last.position)}, ${ago(last.at, now)}.`
          : after
            ? `No seal since position ${num(after + 1)}.`
            : "Not sealed yet."}
      </Head>
      <div className="scroll">
        <div className="two">
          <section>
            {at === undefined && <Walks />}
            <h2 className="mb-2">Check it yourself</h2>
            <p className="soft mb-3">
              Each event carries the digest of the one before it, and seals are signed. A page can
              only say what its server says; these commands read the log itself.
            </p>
            <table>
              <tbody>
                {COMMANDS.map(([command, what]) => (
                  <Command key={command} command={command} what={what} />
                ))}
                {newest && (
                  <tr>
                    <td>
                      Newest digest
                      <br />
                      <code className="tiny">{newest.digest}</code>
                    </td>
                    <td className="num">
                      <To path="/log" search={{ event: newest.position }}>
                        {num(newest.position)}
                      </To>
                    </td>
                  </tr>
                )}
              </tbody>
            </table>
          </section>
          <section>
            <h2 className="mb-2">Seals</h2>
            {seals.length === 0 && (
              <Void title="No seal was read">
                The server seals the log while it runs;{" "}
                {after ? "older seals lie before what was read." : "the first comes soon."}
              </Void>
            )}
            <table>
              <tbody>
                {seals.slice(0, SHOWN).map((event) => (
                  <tr key={event.position}>
                    <td>
                      <Chip tone="done">Sealed</Chip>
                    </td>
                    <TimeCell at={event.at} shown={hms} />
                    <PositionCell position={event.position} />
                  </tr>
                ))}
              </tbody>
            </table>
            <h2 className="mt-6 mb-2">Runs of the server</h2>
            <table>
              <tbody>
                {runs.slice(0, SHOWN).map((event) => (
                  <tr key={event.position}>
                    <td>
                      <AgentText text={sentence(event)} />
                    </td>
                    <TimeCell at={event.at} shown={hms} />
                    <PositionCell position={event.position} />
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </div>
      </div>
    </>
  );
}
