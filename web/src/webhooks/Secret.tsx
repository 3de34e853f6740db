import { texts } from "@/texts";
import { CopyText } from "@/ui/CopyText";
import { Dialog } from "@/ui/Dialog";

/** A secret that was just made: shown this once. */
export function Secret({ secret, onClose }: { secret: string | null; onClose: () => void }) {
  return (
    <Dialog
      open={secret !== null}
      onOpenChange={(o) => !o && onClose()}
      title={texts.webhooks.secret}
      hint={texts.webhooks.secretHint}
    >
      {secret ? <CopyText text={secret} label={texts.webhooks.secret} /> : null}
    </Dialog>
  );
}
