import { BellRing } from "lucide-react";
import { useState } from "react";
import { texts } from "@/texts";
import { Button } from "@/ui/Button";

export function BrowserNotifications() {
  const [permission, setPermission] = useState<NotificationPermission>(() =>
    "Notification" in window ? window.Notification.permission : "denied",
  );
  if (permission === "granted") return <p className="text-13 text-ink-2">{texts.notifications.allowed}</p>;
  if (permission === "denied") return <p className="text-13 text-ink-2">{texts.notifications.blocked}</p>;
  return (
    <div className="flex flex-col items-start gap-2">
      <Button onClick={() => void window.Notification.requestPermission().then(setPermission)}>
        <BellRing size={14} />
        {texts.notifications.allow}
      </Button>
      <p className="text-12 text-ink-3">{texts.notifications.allowHint}</p>
    </div>
  );
}
