// The layers over the page, loaded when the first of them opens: a page that is only looked at does not need them.
import { lazy, type ReactNode, Suspense, useState } from "react";

const impl = () => import("./LayersImpl");
const LazyPanel = lazy(async () => ({ default: (await impl()).SidePanel }));
const LazySheet = lazy(async () => ({ default: (await impl()).Sheet }));
const LazyConfirm = lazy(async () => ({ default: (await impl()).Confirm }));

type Layer = { open: boolean; onClose: () => void; title: string; children: ReactNode };
export type PanelProps = Layer & { className: string; modal: boolean };
export type SheetProps = Layer & { className?: string };

export type Question = {
  title: string;
  /** What will happen, and to whom. */
  consequences: ReactNode;
  /** The verb. */
  yes: string;
  danger?: boolean;
};

export type ConfirmProps = {
  question: Question | null;
  busy?: boolean;
  unable?: string | null;
  onYes: () => void;
  onNo: () => void;
};

/** True from the first time on: a layer that closes has to be there to give focus back. */
function useOnce(open: boolean): boolean {
  const [once, setOnce] = useState(open);
  if (open && !once) setOnce(true);
  return once || open;
}

export function SidePanel(props: PanelProps) {
  const once = useOnce(props.open);
  return <Suspense>{once && <LazyPanel {...props} />}</Suspense>;
}

export function Sheet(props: SheetProps) {
  const once = useOnce(props.open);
  return <Suspense>{once && <LazySheet {...props} />}</Suspense>;
}

export function Confirm(props: ConfirmProps) {
  const once = useOnce(props.question !== null);
  return <Suspense>{once && <LazyConfirm {...props} />}</Suspense>;
}

/** Loads them ahead, once the page has nothing else to do. */
export function prepareLayers(): void {
  setTimeout(() => void impl(), 2_000);
}
