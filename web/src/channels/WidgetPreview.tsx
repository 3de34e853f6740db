import { MessageCircle } from "lucide-react";
import { useMe } from "@/session/me";
import { texts } from "@/texts";
import { cx } from "@/ui/classes";
import type { ChannelForm } from "./snippet";

/** What a visitor will see, roughly and at once. The colour is data, set through the style object model. */
export function WidgetPreview({ form, greeting }: { form: ChannelForm; greeting: string }) {
  const workspace = useMe().workspace.name;
  return (
    <figure
      aria-label={texts.channels.preview}
      className="flex min-h-80 flex-col self-start overflow-hidden rounded-12 border border-line bg-sunken p-3"
    >
      <div
        aria-hidden
        className={cx(
          "flex flex-1 flex-col justify-end gap-2",
          form.position === "left" ? "items-start" : "items-end",
        )}
      >
        <div className="w-full overflow-hidden rounded-12 bg-raised shadow-float">
          <div
            className="px-3 py-2.5 text-13 font-semibold text-[white]"
            style={{ backgroundColor: form.color }}
          >
            {workspace}
          </div>
          <div className="flex flex-col gap-2 p-3">
            <p className="max-w-[88%] self-start rounded-8 bg-hover px-2.5 py-1.5 text-12 break-words empty:hidden">
              {form.greeting.trim() || greeting}
            </p>
            <p
              className="max-w-[88%] self-end rounded-8 px-2.5 py-1.5 text-12 text-[white]"
              style={{ backgroundColor: form.color }}
            >
              {texts.channels.previewAsk}
            </p>
          </div>
        </div>
        <span
          className="flex size-10 items-center justify-center rounded-full text-[white] shadow-float"
          style={{ backgroundColor: form.color }}
        >
          <MessageCircle size={20} />
        </span>
      </div>
    </figure>
  );
}
