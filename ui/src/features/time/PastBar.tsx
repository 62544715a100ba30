// The first row of every screen in the past: where one is, and the way back.

import { Button } from "@/ui/Button";
import { useNow } from "@/ui/clock";
import { hms, num, span } from "@/ui/format";
import { Icon } from "@/ui/icons";
import { useInstant, useMoveTo } from "./instant";
import { timeOf } from "./timeline";

export function PastBar({ wrong }: { wrong: string | null }) {
  const { event, isPast } = useInstant();
  const moveTo = useMoveTo();
  const now = useNow();
  if (!isPast) return null;

  return (
    <div className="pastbar" role="status">
      <Icon name="clock" />
      <b>You are in the past.</b>
      <span className="wide">
        {wrong ??
          (event
            ? `${hms(event.at)}, position ${num(event.position)}, ${span(now - timeOf(event))} ago. Nothing can be changed here.`
            : "Nothing can be changed here.")}
      </span>
      <span className="phone-only">Read only</span>
      <Button look="first" small keys="." onClick={() => moveTo(null)}>
        Back to now
      </Button>
    </div>
  );
}
