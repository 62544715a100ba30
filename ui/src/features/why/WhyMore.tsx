// The same sentences where there is little room: behind a line that opens them, and asked for then.
import { useState } from "react";
import { useAt } from "@/features/nav/links";
import { type About, Why } from "./Why";

type Props = { project: string; about: About; id: string | null };

export function WhyMore({ project, about, id }: Props) {
  const [open, setOpen] = useState(false);
  const at = useAt();
  return (
    <details className="why-more small" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Why</summary>
      {open && <Why project={project} about={about} id={id} at={at} />}
    </details>
  );
}
