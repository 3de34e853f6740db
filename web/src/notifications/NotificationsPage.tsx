import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Bell, CheckCheck } from "lucide-react";
import { PageHeader } from "@/shell/PageHeader";
import { texts } from "@/texts";
import { Button } from "@/ui/Button";
import { Segmented } from "@/ui/Field";
import { Rows } from "@/ui/Rows";
import { Empty, Failed, SkeletonRows } from "@/ui/States";
import { NotificationRow } from "./NotificationRow";
import { notificationsQuery, useMarkNotifications } from "./queries";

export function NotificationsPage() {
  const { filter = "all" } = useSearch({ from: "/app/notifications" });
  const navigate = useNavigate();
  const query = useInfiniteQuery(notificationsQuery(filter));
  const mark = useMarkNotifications();
  const [title, hint] = texts.notifications.empty;
  return (
    <div className="flex h-full flex-col">
      <PageHeader
        title={texts.notifications.title}
        actions={
          <Button look="quiet" disabled={!query.data?.unread} onClick={() => mark.mutate({ all: true })}>
            <CheckCheck size={16} />
            <span className="max-sm:sr-only">{texts.notifications.markAll}</span>
          </Button>
        }
      >
        <Segmented
          label={texts.common.filter}
          size="sm"
          value={filter}
          onChange={(f) =>
            void navigate({
              to: "/notifications",
              search: { filter: f === "all" ? undefined : f },
              replace: true,
            })
          }
          options={[
            { value: "all", label: texts.notifications.all },
            { value: "unread", label: texts.notifications.unread },
          ]}
        />
      </PageHeader>
      {query.isPending ? (
        <SkeletonRows tall />
      ) : !query.data ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.data.items.length === 0 ? (
        <Empty className="flex-1" icon={<Bell size={20} />} title={title} hint={hint} />
      ) : (
        <Rows
          label={texts.notifications.title}
          items={query.data.items}
          keyOf={(n) => n.id}
          height={() => 60}
          place={`notifications-${filter}`}
          onEnd={() => query.hasNextPage && !query.isFetchingNextPage && void query.fetchNextPage()}
          className="min-h-0 w-full flex-1 overflow-y-auto py-2"
        >
          {(n, i) => (
            <div className="max-w-190">
              <NotificationRow
                notification={n}
                first={i === 0}
                onOpen={() => n.read_at === null && mark.mutate({ ids: [n.id] })}
              />
            </div>
          )}
        </Rows>
      )}
    </div>
  );
}
