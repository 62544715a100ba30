// What lies over the page: the side panel, dialogs, questions. Base UI keeps focus inside and gives it back.
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { Dialog } from "@base-ui/react/dialog";
import { Button } from "./Button";
import type { ConfirmProps, PanelProps, SheetProps } from "./Layers";

/** A panel at the right. The page beside it stays usable; on a phone the panel covers it. */
export function SidePanel({ open, onClose, title, children, className, modal }: PanelProps) {
  return (
    <Dialog.Root
      open={open}
      onOpenChange={(next) => !next && onClose()}
      modal={modal}
      disablePointerDismissal
    >
      <Dialog.Portal>
        <Dialog.Popup className={className} aria-label={title} render={<aside />}>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** A dialog in the middle. */
export function Sheet({ open, onClose, title, children, className }: SheetProps) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="veil" />
        <Dialog.Popup className={`sheet ${className ?? ""}`} aria-label={title}>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Asks before something that cannot be taken back. */
export function Confirm(props: ConfirmProps) {
  const { question, busy, unable, onYes, onNo } = props;
  return (
    <AlertDialog.Root open={question !== null} onOpenChange={(next) => !next && onNo()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="veil" />
        <AlertDialog.Popup className="sheet">
          <AlertDialog.Title>{question?.title}</AlertDialog.Title>
          <div className="soft my-3 stack">{question?.consequences}</div>
          <div className="row wrap mt-4">
            <Button
              look={question?.danger ? "danger" : "first"}
              busy={busy}
              unable={unable}
              onClick={onYes}
            >
              {question?.yes}
            </Button>
            <Button look="ghost" keys="Esc" onClick={onNo}>
              Cancel
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
