import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, newKey } from "@/api/client";
import { keys } from "@/api/query";
import { useReport } from "@/api/report";
import type { Comment, Task } from "@/api/types";
import { useMay, useMe } from "@/session/me";
import { texts } from "@/texts";
import { When } from "@/time/clock";
import { Avatar } from "@/ui/Avatar";
import { Button } from "@/ui/Button";
import { LinkedText } from "@/ui/LinkedText";
import { messageOf } from "@/ui/States";
import { PartTitle } from "@/ui/ViewTitle";
import { commentsQuery } from "./queries";

export function Comments({ task }: { task: Task }) {
  const may = useMay();
  const { member } = useMe();
  const client = useQueryClient();
  const report = useReport();
  const query = useQuery(commentsQuery(task.id));
  const [text, setText] = useState("");
  const key = useRef(newKey());
  const list = keys.taskPart(task.id, "comments");
  const add = useMutation({
    mutationFn: (said: string) =>
      api.create<Comment>(`/tasks/${task.id}/comments`, { text: said }, key.current),
    onMutate: (said) => {
      const before = client.getQueryData<Comment[]>(list);
      client.setQueryData<Comment[]>(list, (all) => [
        ...(all ?? []),
        {
          id: key.current,
          author: { id: member.id, name: member.name },
          text: said,
          created_at: new Date().toISOString(),
        },
      ]);
      setText("");
      return { before };
    },
    onError: (_error, said, context) => {
      // The words go back into the field, where the reason stands beside them.
      client.setQueryData(list, context?.before);
      setText(said);
    },
    onSuccess: ({ undoId }) => {
      key.current = newKey();
      report.undoable(`comment-${task.id}`, texts.tasks.commented, undoId);
    },
    onSettled: () => void client.invalidateQueries({ queryKey: keys.tasks }),
  });
  const comments = query.data ?? [];
  if (!may.write && comments.length === 0) return null;
  const submit = () => {
    if (text.trim() && !add.isPending) add.mutate(text.trim());
  };
  return (
    <section aria-label={texts.tasks.comments} className="border-t border-line px-4 py-3">
      <PartTitle className="mb-2 pl-8 text-12 font-medium text-ink-3">{texts.tasks.comments}</PartTitle>
      <ul className="flex flex-col gap-3">
        {comments.map((c) => (
          <li key={c.id} className="flex gap-2">
            <Avatar name={c.author.name} size={24} />
            <div className="min-w-0 flex-1">
              <p className="text-12 leading-6 text-ink-3">
                <span className="font-medium text-ink-2">{c.author.name}</span> <When at={c.created_at} />
              </p>
              <p className="text-13 break-words whitespace-pre-wrap">
                <LinkedText text={c.text} />
              </p>
            </div>
          </li>
        ))}
      </ul>
      {may.write ? (
        <div className="mt-3 flex gap-2">
          <span className="pt-1">
            <Avatar name={member.name} size={24} />
          </span>
          <div className="min-w-0 flex-1 rounded-8 border border-line-strong bg-raised focus-within:border-accent">
            <textarea
              rows={text ? 3 : 1}
              value={text}
              onChange={(e) => setText(e.target.value)}
              onKeyDown={(e) => {
                if (e.key === "Escape") {
                  e.stopPropagation();
                  e.currentTarget.blur();
                } else if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
                  e.preventDefault();
                  submit();
                }
              }}
              aria-label={texts.tasks.commentAdd}
              placeholder={texts.tasks.commentAdd}
              className="block w-full resize-none bg-transparent px-3 py-1.5 text-13 outline-none"
            />
            {text.trim() ? (
              <div className="flex justify-end p-1.5">
                <Button size="sm" look="primary" onClick={submit} disabled={add.isPending}>
                  {texts.tasks.commentSend}
                </Button>
              </div>
            ) : null}
          </div>
        </div>
      ) : null}
      {add.error ? (
        <p role="alert" className="mt-1 pl-8 text-13 text-danger">
          {messageOf(add.error)}
        </p>
      ) : null}
    </section>
  );
}
