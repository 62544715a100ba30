// Said after two seconds without a connection: since when, what is seen meanwhile, and when it is tried again.
import { live } from "@/features/live/state";
import { Button } from "@/ui/Button";
import { useNow } from "@/ui/clock";
import { hms, num, span } from "@/ui/format";
import { Banner } from "@/ui/Parts";

const CALM = 2_000;

export function Disconnected({ onAgain }: { onAgain: () => void }) {
  const { phase, lostAt, head, retryAt } = live.use();
  const now = useNow();
  if (phase !== "lost" || lostAt === null || now - lostAt < CALM) return null;
  const wait = retryAt === null ? 0 : retryAt - now;
  return (
    <Banner
      tone="alarm"
      action={
        <Button small onClick={onAgain}>
          Try now
        </Button>
      }
    >
      <b>Not connected since {hms(lostAt)}.</b>{" "}
      {head === null ? "Nothing was seen yet." : `You see position ${num(head)}; nothing is lost.`}{" "}
      {wait > 1000 ? `Trying again in ${span(wait)}.` : "Trying again."}
    </Banner>
  );
}
